/** The list of skills for the model, made to fit its share of the window. */
import { SKILLS_USAGE } from "../../../prompts/mod.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { ModelInfo } from "../../protocol/settings.ts";
import { relativeTo } from "../../util/path.ts";
import { byteLength, headBytes } from "../../util/text/text.ts";
import { oneLine } from "../format/text.ts";
import type { Skill } from "./skill_file.ts";

interface RenderedSkills {
  /** Absent when there is nothing to list. */
  readonly text?: string;
  readonly warnings: readonly string[];
}

/** A list entry without its description, and the description. */
interface Entry {
  readonly name: string;
  readonly file: string;
  readonly description: string;
}

interface Listing {
  readonly entries: readonly Entry[];
  /** Lines that name the roots behind the short forms of paths. */
  readonly roots: readonly string[];
}

const ELLIPSIS = "…";

/** Bytes that the list may take for a model. */
export function skillListBytes(
  model: Pick<ModelInfo, "known" | "contextWindow">,
): number {
  return model.known
    ? Math.floor(model.contextWindow * LIMITS.skillListShare) * 4
    : LIMITS.skillListBytes;
}

/**
 * The section on skills. What does not fit into `bytesMax` is first shortened evenly,
 * then listed without descriptions, then left out, with one warning that says so.
 */
export function renderSkills(
  skills: readonly Skill[],
  bytesMax: number,
  options: { readonly isExplained?: boolean } = {},
): RenderedSkills {
  const listed = skills.filter((skill) => skill.implicit);
  if (listed.length === 0) return { warnings: [] };
  const plain = plainListing(listed);
  const listing = costOf(plain) <= bytesMax
    ? plain
    : shorterListing(plain, aliasedListing(listed));
  const fitted = fitListing(listing, bytesMax);
  if (fitted.entries.length === 0) return { warnings: [fitted.warning] };
  return {
    text: renderSection(fitted, options.isExplained ?? true),
    warnings: fitted.warning === "" ? [] : [fitted.warning],
  };
}

function renderSection(listing: Listing, isExplained: boolean): string {
  const lines = listing.entries.map(renderEntry);
  const roots = listing.roots.length === 0
    ? []
    : ["Paths in this list begin with these folders:", ...listing.roots, ""];
  const usage = isExplained ? ["", SKILLS_USAGE] : [];
  return ["## Skills", "", ...roots, ...lines, ...usage].join("\n");
}

function renderEntry(entry: Entry): string {
  const text = entry.description === "" ? "" : ` ${entry.description}`;
  return `- ${entry.name}:${text} (file: ${entry.file})`;
}

function plainListing(skills: readonly Skill[]): Listing {
  return {
    entries: skills.map((skill) => entryOf(skill, oneLine(skill.path))),
    roots: [],
  };
}

// Long roots that many skills share are listed once, as r0, r1, …
function aliasedListing(skills: readonly Skill[]): Listing {
  const roots = [...new Set(skills.map((skill) => skill.root))];
  const entries = skills.map((skill) => {
    const inside = relativeTo(skill.path, skill.root);
    if (inside === skill.path) return entryOf(skill, oneLine(skill.path));
    return entryOf(skill, `r${roots.indexOf(skill.root)}/${oneLine(inside)}`);
  });
  return {
    entries,
    roots: roots.map((root, index) => `- \`r${index}\` = \`${oneLine(root)}\``),
  };
}

function entryOf(skill: Skill, file: string): Entry {
  return { name: skill.name, description: skill.description, file };
}

function shorterListing(a: Listing, b: Listing): Listing {
  return costOf(b) < costOf(a) ? b : a;
}

function fitListing(
  listing: Listing,
  bytesMax: number,
): Listing & { readonly warning: string } {
  if (costOf(listing) <= bytesMax) return { ...listing, warning: "" };
  const bare = listing.entries.map((entry) => ({ ...entry, description: "" }));
  const room = bytesMax - costOf({ ...listing, entries: bare });
  if (room >= 0) {
    const limit = evenLimit(listing.entries, room);
    const entries = listing.entries.map((entry) => shorten(entry, limit));
    const warning =
      `The list of skills is long: descriptions were cut to ${limit} bytes each to fit`;
    return { ...listing, entries, warning };
  }
  return { ...omitLast(listing.roots, bare, bytesMax) };
}

function omitLast(
  roots: readonly string[],
  entries: readonly Entry[],
  bytesMax: number,
): Listing & { readonly warning: string } {
  let cost = costOf({ roots, entries: [] });
  const kept = entries.filter((entry) => {
    cost += lineCost(renderEntry(entry));
    return cost <= bytesMax;
  });
  const warning = `The list of skills is too long: ${
    entries.length - kept.length
  } of ${entries.length} skills are not listed (they can still be named with $), the others without descriptions`;
  return { roots, entries: kept, warning };
}

// The greatest length that all descriptions may have so that together they fit.
function evenLimit(entries: readonly Entry[], room: number): number {
  const costs = entries.map((entry) => descriptionCost(entry.description));
  let left = room;
  let others = costs.length;
  for (const cost of costs.toSorted((a, b) => a - b)) {
    if (cost * others > left) break;
    left -= cost;
    others--;
  }
  return others === 0 ? Infinity : Math.floor(left / others);
}

function shorten(entry: Entry, limit: number): Entry {
  if (descriptionCost(entry.description) <= limit) return entry;
  const bytes = limit - 1 - byteLength(ELLIPSIS);
  const head = bytes <= 0 ? "" : headBytes(entry.description, bytes).trimEnd();
  return { ...entry, description: head === "" ? "" : `${head}${ELLIPSIS}` };
}

// The space in front counts.
function descriptionCost(description: string): number {
  return description === "" ? 0 : byteLength(description) + 1;
}

function costOf(listing: Listing): number {
  const lines = [...listing.roots, ...listing.entries.map(renderEntry)];
  return lines.reduce((sum, line) => sum + lineCost(line), 0);
}

function lineCost(line: string): number {
  return byteLength(line) + 1;
}
