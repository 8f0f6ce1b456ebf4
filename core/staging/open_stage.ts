/** A stage that is open: what was done in it, as a patch or a branch. */
import { usageError } from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import { bytesOfText } from "../util/text/byte_text.ts";
import { readDifferences } from "./fill.ts";
import { listTree } from "./listing.ts";
import { renderFilePatch } from "./patch/build.ts";
import { joinRenames } from "./patch/renames.ts";
import type { FileDifference } from "./patch/version.ts";
import { leaveTree, removeFolders } from "./places.ts";
import type { FilledStage } from "./prepare.ts";
import type { Stage, StagedFile, StagePatch } from "./stage_types.ts";
import { TreeFiles } from "./tree_files.ts";
import { commitBranch, dropBranch } from "./worktree.ts";

export class OpenStage implements Stage {
  readonly #host: Host;
  readonly #filled: FilledStage;

  constructor(host: Host, filled: FilledStage) {
    this.#host = host;
    this.#filled = filled;
  }

  get id(): string {
    return this.#filled.folders.id;
  }

  get kind(): Stage["kind"] {
    return this.#filled.source.kind;
  }

  get path(): string {
    return this.#filled.folders.tree;
  }

  get cwd(): string {
    return this.#filled.cwd;
  }

  get source(): string {
    return this.#filled.source.folder;
  }

  get repository(): string | undefined {
    return this.#filled.repository?.common;
  }

  get commit(): string | undefined {
    return this.#filled.repository?.commit;
  }

  get leftOut(): readonly string[] {
    return this.#filled.first.leftOut;
  }

  async readPatch(): Promise<StagePatch> {
    const { differences, leftOut } = await this.#readDifferences();
    const format = this.#filled.repository?.format ?? "sha1";
    const texts: string[] = [];
    const files = joinRenames(differences).map((difference): StagedFile => {
      const { text, ...counts } = renderFilePatch(difference, format);
      texts.push(text);
      return { ...describeFile(difference), ...counts };
    });
    const sum = (key: "insertions" | "deletions"): number =>
      files.reduce((total, file) => total + file[key], 0);
    return {
      bytes: bytesOfText(texts.join("")),
      files,
      insertions: sum("insertions"),
      deletions: sum("deletions"),
      leftOut,
    };
  }

  async commitBranch(
    name: string,
    message: string,
    own?: string,
  ): Promise<string> {
    const { repository, folders, first } = this.#filled;
    if (repository?.commit === undefined) {
      throw usageError(
        `Cannot make the branch ${name}: ${this.source} has no commit, must have one`,
      );
    }
    const { git, view, root, commit, more } = repository;
    const { differences } = await this.#readDifferences();
    if (own !== undefined) await dropBranch(git, { cwd: root, name, own });
    const index = `${folders.own}/git/branch-index`;
    const id = await commitBranch(git, view, {
      cwd: root,
      tree: folders.tree,
      parent: commit,
      paths: [...new Set([...more, ...differences.map(({ path }) => path)])],
      inner: first.inner,
      index,
      name,
      message,
    });
    await this.#host.files.remove(index);
    return id;
  }

  async remove(): Promise<void> {
    await removeFolders(this.#host, this.#filled.folders);
  }

  async leave(): Promise<void> {
    await leaveTree(this.#host, this.#filled.folders);
  }

  async #readDifferences(): ReturnType<typeof readDifferences> {
    const { folders, first, repository } = this.#filled;
    const files = new TreeFiles(this.#host);
    const git = repository && { view: repository.view };
    return await readDifferences(files, {
      first,
      listing: await listTree(files, folders.tree, git),
      base: `${folders.own}/base`,
      to: folders.tree,
    });
  }
}

function describeFile(
  { path, from, before, after }: FileDifference,
): Pick<StagedFile, "path" | "kind" | "from"> {
  const kind = after === undefined
    ? "delete"
    : before === undefined
    ? "add"
    : "update";
  return { path, kind, ...(from !== undefined && { from }) };
}
