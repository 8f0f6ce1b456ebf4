/** The tasks file: JSON lines, checked. Pure. */
import type * as z from "zod/mini";
import { BatchTask } from "../contract/batch.ts";
import { usageError, type UserError } from "../protocol/error.ts";
import { LIMITS } from "../protocol/limits.ts";
import { parseDuration } from "../util/duration.ts";
import { parseJsonObject } from "../util/json/json.ts";
import { isProtected } from "../policy/writable.ts";
import { sha256Hex } from "../util/sha256.ts";
import { closestWord } from "../util/text/similar.ts";

/** A task, its place in the file, and its name. */
export interface Task extends Omit<BatchTask, "id"> {
  readonly index: number;
  readonly id: string;
  /** What tells that its line was changed. */
  readonly hash: string;
  readonly timeoutMs?: number;
}

/** The tasks of a file; blank lines are none. Throws UserError "usage" that names line and key. */
export function parseTasks(text: string, file: string): readonly Task[] {
  const tasks: Task[] = [];
  const lineOf = new Map<string, number>();
  for (const [at, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const fail = (problem: string): UserError =>
      usageError(`Cannot read tasks ${file}: line ${at + 1}: ${problem}`);
    const task = parseTask(line, tasks.length, fail);
    // Some disks know no difference between A.patch and a.patch.
    const name = task.id.toLowerCase();
    const before = lineOf.get(name);
    if (before !== undefined) {
      throw fail(
        `its id is ${
          JSON.stringify(task.id)
        }, as that of line ${before}, must be another, and not by case alone`,
      );
    }
    lineOf.set(name, at + 1);
    tasks.push(task);
  }
  if (tasks.length === 0) {
    throw usageError(
      `Cannot read tasks ${file}: it has no line, must have one for each task`,
    );
  }
  if (tasks.length > LIMITS.batchTasks) {
    throw usageError(
      `Cannot read tasks ${file}: it has ${tasks.length} lines, must be at most ${LIMITS.batchTasks}`,
    );
  }
  return tasks;
}

type Fail = (problem: string) => UserError;

function parseTask(line: string, index: number, fail: Fail): Task {
  const value = parseJsonObject(line);
  if (value === undefined) throw fail("it is no JSON object, must be one");
  if (value["prompt"] === undefined && Object.keys(value).every(isKey)) {
    throw fail('"prompt" is missing, must say what to do');
  }
  const { success, data, error } = BatchTask.safeParse(value);
  if (!success) throw fail(describeIssue(error.issues[0]));
  if (data.dir !== undefined && data.repo !== undefined) {
    throw fail('"dir" and "repo" are both given, must be one of them');
  }
  if (data.ref !== undefined && data.isolation === "in-place") {
    throw fail('"ref" is given for a task in place, must work elsewhere');
  }
  for (const file of data.files ?? []) {
    const to = typeof file === "string" ? file : file.to;
    if (isProtected(`/${to}`, "")) {
      throw fail(
        `"files" has ${
          JSON.stringify(to)
        }, which git or an agent would obey, must be another place`,
      );
    }
  }
  const { timeout } = data.limits ?? {};
  const timeoutMs = timeout === undefined ? timeout : parseDuration(timeout);
  if (timeout !== undefined && timeoutMs === undefined) {
    throw fail(
      `"limits.timeout" is ${
        JSON.stringify(timeout)
      }, must be such as 90s or 10m`,
    );
  }
  return {
    ...data,
    index,
    id: data.id ?? String(index),
    hash: sha256Hex(line.trim()).slice(0, 16),
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
}

const KEYS = Object.keys(BatchTask.shape);

function isKey(key: string): boolean {
  return KEYS.includes(key);
}

function describeIssue(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return "it is no task";
  const path = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    const full = path === "" ? key : `${path}.${key}`;
    const close = path === "" ? closestWord(key, KEYS) : undefined;
    const hint = close === undefined ? "" : `, did you mean "${close}"`;
    return `"${full}" is no key of a task${hint}`;
  }
  return `"${path}": ${wantedOf(issue)}`;
}

function wantedOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    case "invalid_type":
      return `must be of type ${issue.expected}`;
    case "too_small":
      return issue.origin === "string"
        ? "must not be empty"
        : `must be ${
          issue.inclusive ? "at least" : "more than"
        } ${issue.minimum}`;
    default:
      return issue.message;
  }
}
