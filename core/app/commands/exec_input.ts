/** The input of `rondo exec`: prompt, stdin, images, the request of a review. */
import { readPrompt } from "../../frontends/exec/stdin.ts";
import type { CommandLine, Flags } from "../../contract/command_line.ts";
import type { ReviewTarget } from "../../contract/review.ts";
import {
  errorReason,
  errorText,
  isAbsent,
  usageError,
  UserError,
} from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { UserPart } from "../../protocol/op.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { viewImage } from "../../util/image.ts";
import {
  asObject,
  checkedJson,
  type JsonObject,
} from "../../util/json/json.ts";
import { resolvePath } from "../../util/path.ts";
import {
  renderPlanAccepted,
  renderPlanPrompt,
  renderReviewPrompt,
} from "../../context/requests.ts";
import { viewItem, type WireItem } from "../../protocol/item.ts";

/** The words and images of the command line and stdin. Throws UserError. */
export async function readParts(
  commandLine: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<readonly UserPart[]> {
  const { flags } = commandLine;
  const isDialog = flags.input === "jsonl";
  // What is asked for then is the plan.
  const isAsked = flags.acceptPlan && commandLine.prompt === undefined;
  const text = commandLine.command === "exec review"
    ? buildReviewPrompt(commandLine)
    : await readPrompt({
      terminal,
      host,
      prompt: commandLine.prompt,
      waitForStdin: flags.stdin,
      isStdinTaken: isDialog || isAsked,
    }).catch((error) => {
      throw withTaken(error, commandLine);
    });
  const images = flags.image ?? [];
  await checkImages(host, images, flags);
  if (text.trim() === "" && images.length === 0) {
    if (isDialog || isAsked || commandLine.command === "debug prompt") {
      return [];
    }
    throw usageError(
      "Cannot start: the prompt is empty, must be an argument or come from stdin",
    );
  }
  return [
    ...images.map((path): UserPart => ({ type: "image", path })),
    ...(text === "" ? [] : [{
      type: "text" as const,
      text: flags.plan ? renderPlanPrompt(text) : text,
    }]),
  ];
}

// `exec resume "go on"` names a session and has no prompt.
function withTaken(error: unknown, { command, args }: CommandLine): unknown {
  const [taken] = args;
  const isOne = command === "exec resume" || command === "exec fork";
  if (!isOne || taken === undefined || !(error instanceof UserError)) {
    return error;
  }
  return usageError(
    `${error.message}; "${taken}" is taken for the session, --last takes the newest one instead`,
  );
}

/** The message that accepts the plan a thread has ended with. Throws UserError. */
export function acceptedParts(
  items: readonly WireItem[],
): readonly UserPart[] {
  const plan = items.map(viewItem).findLast((view) =>
    view.type === "message" && view.role === "assistant"
  );
  if (plan?.type === "message" && plan.text.trim() !== "") {
    return [{ type: "text", text: renderPlanAccepted(plan.text) }];
  }
  throw usageError(
    "Cannot accept a plan: the session has no answer yet, must hold a plan",
  );
}

async function checkImages(
  host: Host,
  images: readonly string[],
  flags: Flags,
): Promise<void> {
  const cwd = resolvePath(host.cwd, flags.cd ?? ".");
  for (const path of images) {
    const state = await imageProblem(host, resolvePath(cwd, path));
    if (state === undefined) continue;
    throw usageError(`Cannot read image ${path}: ${state}`);
  }
}

async function imageProblem(
  { files }: Host,
  path: string,
): Promise<string | undefined> {
  const stat = await files.stat(path);
  if (stat === undefined) return "no such file";
  if (!stat.isFile) return "not a file";
  try {
    // One that is too large is told to the model.
    return stat.size > LIMITS.imageBytes ||
        viewImage(await files.readBytes(path)) !== undefined
      ? undefined
      : "its content must be a whole PNG, JPEG, GIF or WebP";
  } catch (error) {
    return errorText(error);
  }
}

/** The prompt of a review. Throws UserError when the flags name two targets. */
function buildReviewPrompt(
  { flags, prompt }: Pick<CommandLine, "flags" | "prompt">,
): string {
  const targets: ReviewTarget[] = [];
  if (flags.uncommitted) targets.push({ type: "uncommitted" });
  if (flags.base !== undefined) {
    targets.push({ type: "branch", base: flags.base });
  }
  if (flags.commit !== undefined) {
    targets.push({ type: "commit", commit: flags.commit });
  }
  if (prompt !== undefined && prompt !== "-") {
    targets.push({ type: "custom", instructions: prompt });
  }
  const [target = { type: "uncommitted" }, second] = targets;
  if (second !== undefined) {
    throw usageError(
      `Cannot review ${target.type} and ${second.type} at once: must be one of --uncommitted, --base, --commit, PROMPT`,
    );
  }
  const title = flags.title === undefined
    ? ""
    : `\n\nTitle of the commit: ${flags.title}`;
  return renderReviewPrompt(target) + title;
}

/** The schema of the last message, if one is asked for. Throws UserError. */
export async function loadSchema(
  host: Host,
  flags: Flags,
): Promise<JsonObject | undefined> {
  if (flags.outputSchema === undefined) return undefined;
  const path = resolvePath(host.cwd, flags.outputSchema);
  const fail = (why: string): UserError =>
    usageError(`Cannot read output schema ${path}: ${why}`);
  let schema: JsonObject | undefined;
  try {
    const text = await host.files.readText(path, {
      bytesMax: LIMITS.outputSchemaBytes,
      pipe: true,
    });
    schema = asObject(checkedJson(text));
  } catch (error) {
    throw fail(isAbsent(error) ? "no such file" : errorReason(error));
  }
  if (schema === undefined) throw fail("not a JSON object");
  try {
    const { buildSchemaCheck } = await import("../../util/json/json_schema.ts");
    buildSchemaCheck(schema);
    return schema;
  } catch (error) {
    throw fail(`not a valid JSON Schema: ${errorText(error)}`);
  }
}
