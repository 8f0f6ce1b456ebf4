/** What the built program tells the model, at and beyond every limit. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { byteLength } from "../../core/util/text/text.ts";
import { call, type MockRequest, say, usage } from "../support/mock_model.ts";
import type { AgentRun } from "../support/run_agent.ts";
import { errorOf, eventsOf, lastEvent, stage } from "./support.ts";

const NEARLY_FULL = usage({
  input_tokens: 250_000,
  output_tokens: 1_000,
  total_tokens: 251_000,
});

function warningsOf(run: AgentRun): string[] {
  return eventsOf(run, "warning").map((event) => String(event["message"]));
}

// The text of all parts of the input that begin so.
function textOf(request: MockRequest, start: string): string {
  const texts = request.input.flatMap((item) => {
    const content = item["content"];
    return Array.isArray(content)
      ? content.map((part) => String((part as JsonObject)["text"] ?? ""))
      : [];
  });
  return texts.filter((text) => text.startsWith(start)).join("\n");
}

Deno.test("a prompt of 200 kB is sent whole, without a word", async () => {
  await using s = await stage({ script: [say("Read.")] });
  const text = "word ".repeat(40_000);
  const run = await s.json("", { stdin: { text } });
  assert.equal(run.code, 0, run.stdout);
  assert.equal(byteLength(textOf(s.model.request(0), "word ").trim()), 199_999);
  assert.deepEqual(warningsOf(run), []);
});

Deno.test("a prompt of 200 kB in a window of 32,000 tokens is one error, nothing is sent", async () => {
  await using s = await stage({
    script: [],
    config: { top: "model_context_window = 32000" },
  });
  const run = await s.json("", { stdin: { text: "word ".repeat(40_000) } });
  assert.equal(run.code, 1, run.stdout);
  assert.equal(
    errorOf(run)["message"],
    "Cannot send message: it has about 50000 tokens, must have at most 16000 in a window of 32000; put the text into a file and name the file instead",
  );
  assert.equal(s.model.requests.length, 0);
  assert.deepEqual(warningsOf(run), []);
});

Deno.test("50 MB of output reach the model cut, with counts and the path of the whole", async () => {
  const script = `yes 0123456789 | head -c 50000000; echo "error: at the end"`;
  await using s = await stage({
    script: [
      call("shell", { command: ["sh", "-c", script] }, { callId: "big" }),
      say("Seen."),
    ],
  });
  const run = await s.json("go");
  assert.equal(run.code, 0, run.stdout);
  const output = String(s.model.request(1).outputOf("big"));
  const [first = ""] = output.split("\n");
  assert.match(
    first,
    /^Output cut in the middle: kept \d+ bytes .* omitted 499\d{5} bytes .*; the full output is in \/\S+\.$/,
  );
  assert.ok(byteLength(output) <= LIMITS.toolOutputTokens * 4 + 2_000);
  assert.match(output, /error: at the end\n?$/);
  const path = /is in (\S+)\.$/.exec(first)?.[1] ?? "";
  assert.equal((await Deno.stat(path)).size, 50_000_018);
});

Deno.test("a large output takes a smaller share of a small window", async () => {
  await using s = await stage({
    script: [
      call("shell", { command: ["sh", "-c", "yes | head -c 200000"] }, {
        callId: "big",
      }),
      say("Seen."),
    ],
    config: { top: "model_context_window = 32000" },
  });
  assert.equal((await s.json("go")).code, 0);
  const output = String(s.model.request(1).outputOf("big"));
  assert.ok(byteLength(output) <= 3_200 * 4 + 2_000, output.slice(0, 300));
});

Deno.test("an AGENTS.md of 100 kB is cut, and one warning names it", async () => {
  await using s = await stage({
    script: [say("Read.")],
    files: { "AGENTS.md": `# Rules\n${"Do this.\n".repeat(11_111)}` },
  });
  const run = await s.json("hi");
  assert.equal(run.code, 0, run.stdout);
  const [warning, ...more] = warningsOf(run);
  assert.match(warning ?? "", /AGENTS\.md/);
  assert.match(warning ?? "", /32/);
  assert.deepEqual(more, []);
  const told = textOf(s.model.request(0), "# AGENTS.md instructions for ");
  assert.ok(byteLength(told) > 30 * 1024, "as much as may be");
  assert.ok(byteLength(told) < LIMITS.projectDocBytes + 1_024);
});

Deno.test("300 skills are listed within their budget, with one warning", async () => {
  const files = Object.fromEntries(
    Array.from({ length: 300 }, (_, at) => [
      `.agents/skills/skill-${at}/SKILL.md`,
      `---\nname: skill-${at}\ndescription: ${
        `What skill ${at} is for. `.repeat(12)
      }\n---\nBody.\n`,
    ]),
  );
  await using s = await stage({ script: [say("Read.")], files });
  const run = await s.json("hi");
  assert.equal(run.code, 0, run.stdout);
  const warnings = warningsOf(run);
  assert.equal(warnings.length, 1, warnings.join("\n"));
  assert.match(warnings[0] ?? "", /skills/i);
  const told = textOf(s.model.request(0), "<skills_instructions>");
  const budget = 272_000 * LIMITS.skillListShare * 4;
  assert.ok(byteLength(told) <= budget + 3_000, `${byteLength(told)} bytes`);
  assert.ok(byteLength(told) > budget / 2, `${byteLength(told)} bytes`);
});

Deno.test("a skill with broken YAML is named in one warning, the others stay", async () => {
  await using s = await stage({
    script: [say("Read.")],
    files: {
      ".agents/skills/bad/SKILL.md": "---\nname: [bad\n---\nBody.\n",
      ".agents/skills/good/SKILL.md":
        "---\nname: good\ndescription: Good.\n---\nBody.\n",
    },
  });
  const run = await s.json("hi");
  assert.equal(run.code, 0, run.stdout);
  const [warning, ...more] = warningsOf(run);
  assert.match(warning ?? "", /skills\/bad\/SKILL\.md/);
  assert.deepEqual(more, []);
  assert.match(s.model.request(0).text, /- good: Good\./);
});

Deno.test("an image of 40 MB is refused with one sentence, by flag and by tool", async () => {
  await using s = await stage({
    script: [
      call("view_image", { path: "big.png" }, { callId: "look" }),
      say("Too big."),
    ],
  });
  const png = new Uint8Array(40 * 1024 * 1024);
  png.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  await Deno.writeFile(`${s.home.work}/big.png`, png);
  const refused = await s.json("see", { args: ["-i", "big.png"] });
  assert.notEqual(refused.code, 0);
  assert.match(
    String(errorOf(refused)["message"]),
    /^Cannot send image \S+\/big\.png: it has 40\.0 MiB, must have at most 20\.0 MiB$/,
  );
  assert.equal(s.model.requests.length, 0);
  assert.equal((await s.json("look at big.png")).code, 0);
  assert.match(
    String(s.model.request(1).outputOf("look")),
    /at most 20971520;/,
  );
});

Deno.test("debug prompt prints the very request that is then sent", async () => {
  await using s = await stage({
    script: [say("Hello.")],
    files: {
      "AGENTS.md": "Run the tests.\n",
      ".agents/skills/good/SKILL.md":
        "---\nname: good\ndescription: Good.\n---\nBody.\n",
    },
    config: { top: 'developer_instructions = "Prefer small steps."' },
  });
  const printed = await s.run([
    "debug",
    "prompt",
    "--sandbox",
    "danger-full-access",
    "Use $good.",
  ]);
  assert.equal(printed.code, 0, printed.stderr);
  assert.equal(s.model.requests.length, 0, "nothing is sent");
  assert.match(printed.stderr, /tokens/);
  assert.equal((await s.json("Use $good.")).code, 0);
  const { text, body } = s.model.request(0);
  const shown = JSON.parse(printed.stdout);
  const id = String(shown["prompt_cache_key"]);
  const same = JSON.stringify(shown)
    .replaceAll(id, String(body["prompt_cache_key"]));
  assert.equal(same, text);
});

Deno.test("sessions show --full reads what a compaction dropped", async () => {
  await using s = await stage({
    script: [
      [
        call("shell", { command: ["printf", "the-%s-output", "dropped"] }),
        NEARLY_FULL,
      ],
      say("A summary of it all."),
      say("Done."),
    ],
  });
  const run = await s.json("go");
  assert.equal(run.code, 0, run.stdout);
  const [compacted, ...more] = eventsOf(run, "context.compacted");
  assert.deepEqual(more, []);
  assert.equal(compacted?.["reason"], "mid_turn");
  const { tokens_before: before, tokens_after: after } = compacted ?? {};
  assert.ok(Number(before) > 250_000 && Number(after) < 20_000);
  assert.equal(
    s.model.request(2).text.includes("the-dropped-output"),
    false,
    "the model no longer sees it",
  );
  const id = String(run.events[0]?.["thread_id"]);
  const full = await s.run(["sessions", "show", id, "--full"]);
  assert.equal(full.code, 0, full.stderr);
  assert.match(full.stdout, /the-dropped-output/);
  assert.match(full.stdout, /A summary of it all\./);
  const now = await s.run(["sessions", "show", id]);
  assert.doesNotMatch(now.stdout, /the-dropped-output/);
});

Deno.test("--strict-cache ends a run whose prompt no longer extends the last one", async () => {
  await using s = await stage({
    script: () => say("Said."),
    laws: { except: ["prefix"] },
    files: { "first.md": "Be brief.", "second.md": "Be long." },
  });
  const instructed = (file: string, command: readonly string[]) =>
    s.json("go", {
      command,
      args: [
        "--strict-cache",
        "-c",
        `model_instructions_file="${s.home.work}/${file}"`,
      ],
    });
  assert.equal((await instructed("first.md", [])).code, 0);
  assert.equal((await instructed("first.md", ["resume", "--last"])).code, 0);
  const run = await instructed("second.md", ["resume", "--last"]);
  assert.equal(run.code, 1, run.stdout);
  assert.equal(lastEvent(run)["type"], "turn.failed");
  assert.match(String(errorOf(run)["message"]), /instructions changed/);
});

Deno.test("a folder's own AGENTS.md is told once, after a tool has touched it", async () => {
  const look = (callId: string) =>
    call("shell", { command: ["ls"], workdir: "sub" }, { callId });
  await using s = await stage({
    script: [look("a"), look("b"), say("Seen.")],
    files: {
      "AGENTS.md": "Root rules.\n",
      "sub/AGENTS.md": "Sub rules.\n",
    },
  });
  assert.equal((await s.json("look")).code, 0);
  const [first, second, third] = s.model.requests.map((request) =>
    request.text.split("Sub rules.").length - 1
  );
  assert.deepEqual([first, second, third], [0, 1, 1]);
});

Deno.test("sessions cache tells what the cache did, also after a resume with other instructions", async () => {
  await using s = await stage({
    script: () => say("Said."),
    laws: { except: ["prefix"] },
    files: { "first.md": "Be brief. ".repeat(800), "second.md": "Be long." },
  });
  const instructed = (file: string, command: readonly string[]) =>
    s.json("go", {
      command,
      args: ["-c", `model_instructions_file="${s.home.work}/${file}"`],
    });
  const run = await instructed("first.md", []);
  assert.equal(run.code, 0, run.stdout);
  const again = await instructed("first.md", ["resume", "--last"]);
  const [kept] = eventsOf(again, "request.completed");
  assert.deepEqual(
    (kept?.["cache"] as JsonObject | undefined)?.["prefix_broken"],
    false,
  );
  const other = await instructed("second.md", ["resume", "--last"]);
  assert.equal(other.code, 0, "only a strict run fails");
  const [broken] = eventsOf(other, "request.completed");
  const cache = broken?.["cache"] as JsonObject | undefined;
  assert.equal(cache?.["prefix_broken"], true);
  assert.equal(cache?.["cause"], "instructions changed");
  const id = String(run.events[0]?.["thread_id"]);
  const table = await s.run(["sessions", "cache", id]);
  assert.equal(table.code, 0, table.stderr);
  const rows = table.stdout.trimEnd().split("\n");
  assert.deepEqual(rows.map((row) => row.includes("instructions changed")), [
    false,
    false,
    false,
    true,
    false,
  ]);
});

Deno.test("a folder that was added and cannot be written is not called writable, and said once", async () => {
  await using s = await stage({ script: () => say("done") });
  const [shut, open] = [`${s.home.root}/shut`, `${s.home.root}/open`];
  for (const folder of [shut, open]) await Deno.mkdir(folder);
  await Deno.chmod(shut, 0o555);
  // The file system itself refuses root as well.
  const mount =
    'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"';
  const under = Deno.uid() === 0
    ? ["unshare", "-m", "sh", "-c", mount, shut]
    : [];
  const words = ["exec", "--skip-git-repo-check", "-s", "workspace-write"];
  const run = await s.run(
    [...words, "--add-dir", shut, "--add-dir", open, "go"],
    { under },
  );
  assert.equal(run.code, 0, run.stderr);
  assert.equal(run.stderr.split("cannot be written").length, 2, run.stderr);
  const roots = /The writable roots? (?:is|are) .*?\./.exec(
    s.model.request(0).text,
  )?.[0];
  assert.ok(roots?.includes(open) === true, roots);
  assert.ok(!roots?.includes(shut), roots);
});
