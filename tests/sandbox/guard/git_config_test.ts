import assert from "node:assert/strict";
import { filterGitConfig } from "../../../sandbox/guard/git_config.ts";

const FRESH = `[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tlogallrefupdates = true
[remote "origin"]
\turl = https://example.com/a.git
\tfetch = +refs/heads/*:refs/remotes/origin/*
[branch "main"]
\tremote = origin
\tmerge = refs/heads/main
`;

Deno.test("filterGitConfig() leaves what git itself writes", () => {
  assert.equal(filterGitConfig(FRESH), FRESH);
  const own = '# mine\n\n[user]\n\tname = "A # B" ; said\n';
  assert.equal(filterGitConfig(own), own);
});

// git-config(1): each of these runs a program, reads another file or leads elsewhere.
const ARMED = [
  "[core]\n\tfsmonitor = ./evil",
  "[core] fsmonitor = ./evil",
  "[core]\n\thooksPath = evil",
  "[Core]\n\tsshCommand=evil",
  "[core]\n\tworktree = /home/me",
  '[alias]\n\tst = "!evil"',
  "[include]\n\tpath = evil",
  '[includeIf "gitdir:/"]\n\tpath = evil',
  '[filter "x"]\n\tclean = evil',
  '[diff "x"]\n\ttextconv = evil',
  '[remote "origin"]\n\tuploadpack = evil',
  '[remote "origin"]\n\turl = ext::sh -c evil',
  '[remote "origin"]\n\turl = "ext::sh -c evil"',
  '[submodule "x"]\n\tupdate = !evil',
  "[gpg]\n\tprogram = evil",
  "[credential]\n\thelper = !evil",
  '[url "/tmp/evil"]\n\tinsteadOf = https://',
  "[user]\n\tname = a \\\n[core]\n\tfsmonitor = evil",
  "[constructor]\n\tname = evil",
];

for (const text of ARMED) {
  Deno.test(`filterGitConfig() takes the sting from ${JSON.stringify(text)}`, () => {
    const kept = filterGitConfig(`${FRESH}${text}\n`);
    assert.doesNotMatch(kept, /evil|\/home/);
    assert.ok(kept.startsWith(FRESH.trimEnd()), "the rest stays");
  });
}

Deno.test("filterGitConfig() puts no key under another section than its own", () => {
  const text = "[user]\n[alias] x = y\n\tname = evil\n[x y]\n\temail = evil\n";
  assert.equal(filterGitConfig(text), "[user]\n");
});
