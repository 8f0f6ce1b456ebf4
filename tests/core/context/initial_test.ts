/** The messages before the first words of the person. */
import assert from "node:assert/strict";
import {
  contextSentBy,
  initialItems,
  renderUserInstructions,
} from "../../../core/context/initial.ts";
import { context, sent } from "./support.ts";

Deno.test("initialItems() gives each message of its own, in the order of the contract", () => {
  const full = context({
    rest: {
      developerInstructions: "Speak Latin.",
      userInstructions: { docs: "DOCS", skills: "## Skills" },
    },
  });
  const [permissions, ...others] = sent(initialItems(full));
  assert.ok(permissions?.startsWith("developer: <permissions instructions>\n"));
  assert.deepEqual(others, [
    "developer: Speak Latin.",
    "user: # AGENTS.md instructions for /wdir/repo\n\n<INSTRUCTIONS>\nDOCS\n</INSTRUCTIONS>\n\n" +
    "<skills_instructions>\n## Skills\n</skills_instructions>",
    "user: <environment_context>\n  <cwd>/wdir/repo</cwd>\n  <shell>bash</shell>\n" +
    "  <current_date>2026-11-20</current_date>\n  <timezone>Europe/Berlin</timezone>\n</environment_context>",
  ]);
});

Deno.test("initialItems() leaves out what is not configured", () => {
  assert.equal(initialItems(context()).length, 2);
  const blank = context({ rest: { developerInstructions: " \n" } });
  assert.equal(initialItems(blank).length, 2);
});

Deno.test("initialItems() is the same every time, byte for byte", () => {
  assert.equal(
    JSON.stringify(initialItems(context())),
    JSON.stringify(initialItems(context())),
  );
});

Deno.test("renderUserInstructions() has docs, skills, both or nothing", () => {
  assert.equal(renderUserInstructions("/r"), undefined);
  assert.equal(
    renderUserInstructions("/r", { skills: "S" }),
    "<skills_instructions>\nS\n</skills_instructions>",
  );
  assert.equal(
    renderUserInstructions("/r", { docs: "D" }),
    "# AGENTS.md instructions for /r\n\n<INSTRUCTIONS>\nD\n</INSTRUCTIONS>",
  );
});

Deno.test("toldBy() remembers each field as it was told", () => {
  const state = contextSentBy(
    context({ permissions: { approvedPrefixes: [["a"]] } }),
  );
  assert.equal(state.model, "gpt-test");
  assert.deepEqual(state.prefixes, ['["a"]']);
  assert.deepEqual(Object.keys(state.environment), [
    "cwd",
    "shell",
    "date",
    "timezone",
  ]);
});
