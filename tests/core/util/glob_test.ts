/** Wildcards for names and paths. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { matchesName, matchesPath } from "../../../core/util/glob.ts";

Deno.test("matchesName() knows *, ?, sets, and no case", () => {
  for (
    const [glob, name] of [
      ["*KEY*", "my_key_1"],
      ["A?C", "abc"],
      ["[a-c]x", "Bx"],
      ["[!a]x", "bx"],
      ["a.b", "A.B"],
      ["*", ""],
      ["a[z-a]", "a[z-a]"],
    ] as const
  ) {
    assert.equal(matchesName(glob, name), true, `${glob} ${name}`);
  }
  for (
    const [glob, name] of [["KEY", "KEYS"], ["A?C", "AC"], ["a.b", "axb"], [
      "[!a]x",
      "ax",
    ], ["a+", "aa"]] as const
  ) {
    assert.equal(matchesName(glob, name), false, `${glob} ${name}`);
  }
});

Deno.test("matchesPath() keeps * in one folder and lets ** cross them", () => {
  for (
    const [glob, path] of [
      ["/a/b", "/a/b"],
      ["/a/b", "/a/b/c/d"],
      ["/a/b/", "/a/b/c"],
      ["/a/*.env", "/a/x.env"],
      ["/a/**/.env", "/a/.env"],
      ["/a/**/.env", "/a/b/c/.env"],
      ["/a/**", "/a/b/c"],
      ["**/id_rsa", "/h/.ssh/id_rsa"],
      ["/a/?", "/a/b"],
      ["/", "/x"],
      ["/**/*.pem", "/x/y.pem"],
    ] as const
  ) assert.equal(matchesPath(glob, path), true, `${glob} ${path}`);
  for (
    const [glob, path] of [
      ["/a/b", "/a/bc"],
      ["/a/b", "/a"],
      ["/a/*.env", "/a/b/x.env"],
      ["/a/?", "/a/bc"],
      ["/a/**/.env", "/a/x.env"],
      ["/a.b", "/axb"],
    ] as const
  ) assert.equal(matchesPath(glob, path), false, `${glob} ${path}`);
});

Deno.test("matchesName() and matchesPath() take any pattern without throwing", () => {
  fc.assert(fc.property(fc.string(), fc.string(), (glob, text) => {
    assert.equal(typeof matchesName(glob, text), "boolean");
    assert.equal(typeof matchesPath(glob, text), "boolean");
  }));
});
