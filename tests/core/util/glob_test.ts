/** Wildcards for names and paths. */
import assert from "node:assert/strict";
import fc from "fast-check";
import picomatch from "picomatch";
import {
  isBroken,
  matchesGlob,
  matchesName,
  matchesPath,
  spellings,
} from "../../../core/util/glob.ts";

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

Deno.test("spellings() opens braces and escapes, and leaves an open brace alone", () => {
  for (
    const [glob, ...globs] of [
      ["/a/{b,c}/*", "/a/b/*", "/a/c/*"],
      ["/{a,b{c,d/e},}x", "/ax", "/bcx", "/bd/ex", "/x"],
      ["{a,b}{c,d}", "ac", "ad", "bc", "bd"],
      ["{a}", "a"],
      ["\\.env", ".env"],
      ["\\{a,b\\}\\*", "{a,b}[*]"],
      ["[{]a,b}", "[{]a,b}"],
      ["a{b,c", "a{b,c"],
      ["a}b", "a}b"],
    ] as const
  ) assert.deepEqual([...spellings(glob)], globs, glob);
  assert.ok(matchesGlob("/a/**/*.{key,pem}", "/a/b/c.pem"));
  assert.ok(!matchesGlob("/a/**/*.{key,pem}", "/a/b/c.pub"));
});

Deno.test("isBroken() finds brackets that are not closed in what is a glob", () => {
  for (const glob of ["**/[.env", "*/{a,b", "/a[z-a]", "{*,[}"]) {
    assert.ok(isBroken(glob), glob);
  }
  for (const glob of ["/a/{b", "/a/[b]*", "**/{a,[b-c]}", "\\[a", "/a]"]) {
    assert.ok(!isBroken(glob), glob);
  }
});

const SEGMENT = fc.constantFrom(
  ...["a", "b.x", ".x", "ab", "*", "?", "a*", "*.x", "[ab]", "a?"],
);
const NAME = fc.constantFrom("a", "b", "ab", "b.x", ".x", "ax", "bx", "a.x");

Deno.test("matchesPath() has picomatch's wildcards, and takes a folder with all in it", () => {
  const glob = fc.array(fc.oneof(SEGMENT, fc.constant("**")), {
    minLength: 1,
    maxLength: 4,
  });
  const path = fc.array(NAME, { minLength: 1, maxLength: 5 });
  fc.assert(fc.property(glob, path, (segments, names) => {
    const pattern = segments.join("/");
    // `/a/**` means what is in /a; to picomatch also /a itself.
    const inside = pattern.endsWith("**") ? `${pattern}/*` : pattern;
    const isMatch = picomatch(inside, { dot: true });
    const theirs = names.some((_, at) =>
      isMatch(names.slice(0, at + 1).join("/"))
    );
    const whole = `/${names.join("/")}`;
    assert.equal(
      matchesPath(`/${pattern}`, whole),
      theirs,
      `${pattern} ${whole}`,
    );
  }));
});

Deno.test("A glob with many * over a long path is answered", () => {
  const many = "*a".repeat(40);
  const path = `/${"a".repeat(4_000)}`;
  assert.equal(matchesPath(`/${many}b`, path), false);
  assert.equal(matchesPath(`/**/${many}`, path), true);
  assert.equal(matchesName(`${many}b`, path), false);
  assert.equal(matchesName(many.toUpperCase(), path), true);
});
