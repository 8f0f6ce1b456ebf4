/** What a release hands out: archives others can open, sums and manifests that agree. */
import assert from "node:assert/strict";
import { unzipSync } from "fflate";
import { makeArchive } from "../../../scripts/release/archive.ts";
import {
  archiveName,
  renderFormula,
  renderScoop,
  renderSums,
} from "../../../scripts/release/manifests.ts";
import { buildSbom } from "../../../scripts/release/sbom.ts";
import { findTarget, TARGETS } from "../../../scripts/targets.ts";

const encoder = new TextEncoder();
const FILES = [
  { name: "r/rondo", bytes: encoder.encode("#!/bin/sh\n"), isProgram: true },
  { name: "r/LICENSE", bytes: encoder.encode("free\n"), isProgram: false },
];
const BASE_URL = "https://example.com/o/rondo/releases/download/v1";

Deno.test("an archive is opened by tar with modes and owners that hold everywhere", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const kind of ["tar.gz", "tar.zst"] as const) {
      const path = `${folder}/a.${kind}`;
      await Deno.writeFile(path, makeArchive(kind, FILES));
      const { stdout, success } = await new Deno.Command("tar", {
        args: ["--numeric-owner", "-tvf", path],
      }).output();
      // An old tar knows no zstd.
      if (!success && kind === "tar.zst") continue;
      const lines = new TextDecoder().decode(stdout).trim().split("\n");
      assert.match(lines[0] ?? "", /^-rwxr-xr-x 0\/0 .* r\/rondo$/);
      assert.match(lines[1] ?? "", /^-rw-r--r-- 0\/0 .* r\/LICENSE$/);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  const unzipped = unzipSync(makeArchive("zip", FILES));
  assert.deepEqual(Object.keys(unzipped), ["r/rondo", "r/LICENSE"]);
});

Deno.test("the same files make the same archive, today and tomorrow", () => {
  const realNow = Date.now;
  for (const kind of ["tar.gz", "tar.zst", "zip"] as const) {
    const first = makeArchive(kind, FILES);
    Date.now = () => realNow() + 86_400_000;
    try {
      assert.deepEqual(makeArchive(kind, FILES), first);
    } finally {
      Date.now = realNow;
    }
  }
});

Deno.test("manifests name every archive by its sum, and refuse one that is not there", () => {
  const sums = TARGETS.flatMap((target, index) =>
    target.archives.map((kind) => ({
      file: archiveName(target, kind),
      sha256: `${index}`.repeat(64),
    }))
  );
  const unix = TARGETS.filter(({ suffix }) => suffix === "");
  const formula = renderFormula(BASE_URL, sums, unix);
  assert.equal(formula.match(/sha256 "/g)?.length, 4);
  assert.match(formula, /homepage "https:\/\/example\.com\/o\/rondo"/);
  const scoop = JSON.parse(
    renderScoop(BASE_URL, sums, findTarget("windows-x64")),
  );
  assert.equal(scoop.architecture["64bit"].hash, "4".repeat(64));
  assert.throws(
    () => renderFormula(BASE_URL, [], unix),
    /not in this release, must be/,
  );
  assert.match(renderSums(sums), /^0{64} {2}rondo-.*-linux-x64\.tar\.gz\n/);
});

Deno.test("the bill of materials has each package once, with the lock file's hash", () => {
  const lock = {
    npm: {
      "@a/b@1.0.0_c@2.0.0": { integrity: `sha512-${btoa("first")}` },
      "c@2.0.0": { integrity: `sha512-${btoa("second")}` },
    },
  };
  const npmPackages = {
    "@a/b@1.0.0_c@2.0.0": { name: "@a/b", version: "1.0.0" },
    "c@2.0.0": { name: "c", version: "2.0.0" },
  };
  const sbom = buildSbom({ npmPackages }, lock, { commit: "abc" });
  assert.deepEqual(sbom["components"], [
    {
      type: "library",
      "bom-ref": "pkg:npm/%40a/b@1.0.0",
      name: "@a/b",
      version: "1.0.0",
      purl: "pkg:npm/%40a/b@1.0.0",
      hashes: [{ alg: "SHA-512", content: "6669727374" }],
    },
    {
      type: "library",
      "bom-ref": "pkg:npm/c@2.0.0",
      name: "c",
      version: "2.0.0",
      purl: "pkg:npm/c@2.0.0",
      hashes: [{ alg: "SHA-512", content: "7365636f6e64" }],
    },
  ]);
  assert.throws(
    () => buildSbom({ npmPackages }, { npm: {} }, { commit: "abc" }),
    /not in deno\.lock, must be/,
  );
});
