/** What a command puts into the index of a repository makes git write nowhere else. */
import assert from "node:assert/strict";
import { openNoFollowFiles } from "../../../core/host/files/no_follow_files.ts";
import { judgeIndex } from "../../../sandbox/guard/git_index.ts";
import { isHarmlessIndex } from "../../../sandbox/guard/git_index_files.ts";
import { workspaceWrite } from "../../support/settings.ts";
import { backendsHere, LINUX, openPlace, type Place } from "../support.ts";
import { asPerson, GIT_ENV } from "./git_person.ts";

/** A repository with a file whose place another one can take in the index. */
function begin(options: string): string {
  return `git init -q -b main ${options} .; mkdir xgit aa; echo evil > xgit/evil; echo evil > aa/evil; echo 1 > a; git add .; git commit -qm one`;
}

/** Renames it there: what git itself refuses to. */
const FORGE = `
import hashlib, os, sys
path, old, new, kind = sys.argv[1:]
data = open(path, "rb").read().replace(old.encode(), new.encode())
size = hashlib.new(kind).digest_size
at = data.find(b"TREE")
if at > 0: data = data[:at] + bytes(size)
def save(path, data):
    sum = hashlib.new(kind, data[:-size]).digest()
    open(path, "wb").write(data[:-size] + sum)
    return sum
sum = save(path, data)
if "shared" in path:
    stem, name = path.rsplit(".", 1)
    os.rename(path, stem + "." + sum.hex())
    main = open(".git/index", "rb").read()
    save(".git/index", main.replace(bytes.fromhex(name), sum))
`;

interface Forgery {
  readonly options?: string;
  /** Before it, as the person has set the repository up. */
  readonly setUp?: string;
  readonly index?: string;
  readonly names: readonly [string, string];
  readonly kind?: string;
  /** What git writes for it, from the work tree. */
  readonly written: string;
}

const FORGERIES: Readonly<Record<string, Forgery>> = {
  "into the repository": {
    names: ["xgit/evil", ".git/evil"],
    written: ".git/evil",
  },
  "out of the work tree": { names: ["aa/evil", "../evil"], written: "../evil" },
  "by an index of version 4": {
    setUp: "git update-index --index-version 4",
    names: ["xgit/evil", ".git/evil"],
    written: ".git/evil",
  },
  "by an index of SHA-256": {
    options: "--object-format=sha256",
    kind: "sha256",
    names: ["xgit/evil", ".git/evil"],
    written: ".git/evil",
  },
  "by an index in two files": {
    setUp: "git update-index --split-index",
    index: "$(ls .git/sharedindex.*)",
    names: ["xgit/evil", ".git/evil"],
    written: ".git/evil",
  },
};

async function forge(
  place: Place,
  one: Forgery,
  sandboxed: boolean,
): Promise<readonly string[]> {
  const { workspace } = place;
  await asPerson(
    workspace,
    `${begin(one.options ?? "")}; ${one.setUp ?? ":"}`,
  );
  const index = one.index ?? ".git/index";
  const { exitCode, output, notes } = await place.run(
    `python3 -c '${FORGE}' ${index} ${
      one.names.map((name) => `'${name}'`).join(" ")
    } ${one.kind ?? "sha1"}`,
    {
      sandboxed,
      policy: workspaceWrite({ excludeSlashTmp: true, gitCommits: true }),
      env: GIT_ENV,
    },
  );
  assert.equal(exitCode, 0, output.head);
  // The person throws changes away, which git does by the index.
  await asPerson(workspace, "git checkout -q -- . || :");
  return notes;
}

for (const [how, one] of Object.entries(FORGERIES)) {
  for (const backend of backendsHere()) {
    Deno.test(
      `git does not write ${how} for a command (${backend})`,
      LINUX,
      async () => {
        await using place = await openPlace({ backend });
        const notes = await forge(place, one, backend !== "none");
        const isThere = await Deno.stat(`${place.workspace}/${one.written}`)
          .then(() => true, () => false);
        assert.equal(isThere, backend === "none");
        if (backend === "none") return;
        assert.match(notes.join("\n"), /moved protected files aside: .*index/);
        // The person has everything back by one command.
        await asPerson(
          place.workspace,
          "git reset -q; test -z \"$(git status --porcelain | grep -v '^??')\"",
        );
      },
    );
  }
}

Deno.test(
  "an index as git writes it is harmless, in each of its forms",
  LINUX,
  async () => {
    const forms = {
      "plain": [":", ""],
      "version 4": ["git update-index --index-version 4", ""],
      "SHA-256": [":", "--object-format=sha256"],
      "with paths yet to come": ["echo new > new; git add -N new", ""],
      "in two files": [
        "git update-index --split-index; echo 2 > b; git add b",
        "",
      ],
      "sparse": [
        "mkdir deep; echo 1 > deep/f; git add deep; git commit -qm two; git sparse-checkout init --cone --sparse-index",
        "",
      ],
      "in blocks": [
        'git config index.threads 4; git update-index --index-version 4; h=$(git hash-object a); seq 1 24000 | sed "s/.*/100644 $h\\td\\/&/" | git update-index --index-info',
        "",
      ],
    } as const;
    for (const [form, [script, options]] of Object.entries(forms)) {
      await using place = await openPlace({ backend: "none" });
      await asPerson(place.workspace, `${begin(options)}; ${script}`);
      const bytes = await Deno.readFile(`${place.workspace}/.git/index`);
      const hashBytes = options === "" ? 20 : 32;
      assert.equal(judgeIndex(bytes, hashBytes).isHarmless, true, form);
      const text = new TextDecoder("latin1").decode(bytes);
      assert.equal(text.includes("IEOT"), form === "in blocks", form);
      // Whatever is cut off or turned is read to its end, or not at all.
      for (let cut = 0; cut < bytes.length; cut += 1 + bytes.length / 10 | 0) {
        const turned = bytes.slice();
        turned.fill(0xff, cut, cut + 4);
        judgeIndex(turned, hashBytes);
        judgeIndex(bytes.subarray(0, cut), hashBytes);
      }
    }
  },
);

/** Harmless where hashes have 20 bytes; where they have 32 the second entry is `.git/evil`. */
function twoFacedIndex(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(260);
  const put = (at: number, text: string): void =>
    bytes.set(new TextEncoder().encode(text), at);
  put(0, "DIRC\0\0\0\x02\0\0\0\x02");
  put(72, "\0\x01a\0");
  bytes.set([0x0f, 0xff], 84);
  put(86, "a".repeat(50));
  bytes.set([0x0f, 0xff, 0x62, 0], 136);
  put(140, "TREE\x7f");
  put(212, "\0\x09.git/evil");
  return bytes;
}

/** Settings of the kind of hashes, and the kind that git takes them for. */
const HASHES: readonly (readonly [string, string, boolean])[] = [
  ["[extensions]\n\tobjectformat = sha256\n", "sha256", true],
  ["[extensions]\n\tobjectFormat = sha1\n", "sha1", true],
  ['[extensions]\n\tobjectformat = sha"256"\n', "sha256", false],
  [
    '[extensions "x"]\n\tobjectformat = sha256\n[core]\n\trepositoryformatversion = 0\n',
    "sha1",
    false,
  ],
  [
    "[extensions]\n\tobjectformat = sha256\n\tobjectformat = sha1\n",
    "sha1",
    false,
  ],
  [
    "[extensions]\n\tpartialclone = x\\\n\tobjectformat = sha256\n",
    "sha1",
    false,
  ],
  ["[core]\n\tbare = false\n", "sha1", true],
];

Deno.test(
  "an index is harmless only where its hashes are known to be those that git reads",
  LINUX,
  async () => {
    const folder = await Deno.makeTempDir();
    const files = openNoFollowFiles();
    assert.ok(files);
    for (const [settings, kind, isKnown] of HASHES) {
      await asPerson(
        folder,
        `rm -rf * .git; ${
          begin(`--object-format=${kind}`)
        }; cp .git/index kept`,
      );
      const config = `[core]\n\trepositoryformatversion = 1\n${settings}`;
      await Deno.writeTextFile(`${folder}/.git/config`, config);
      await asPerson(
        folder,
        `test "$(git rev-parse --show-object-format)" = ${kind}`,
      );
      const is = await isHarmlessIndex(files, `${folder}/.git/index`);
      assert.equal(is, isKnown, settings);
      const bytes = twoFacedIndex();
      assert.equal(judgeIndex(bytes, 20).isHarmless, true);
      await Deno.writeFile(`${folder}/.git/index`, bytes);
      assert.equal(
        await isHarmlessIndex(files, `${folder}/.git/index`),
        isKnown && kind === "sha1",
        settings,
      );
    }
    await Deno.remove(folder, { recursive: true });
  },
);
