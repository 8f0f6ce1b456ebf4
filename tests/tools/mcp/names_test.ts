/** Names of MCP tools: readable, within bounds, unique, independent of order. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  allocateToolNames,
  compareText,
  type ToolIdentity,
} from "../../../tools/mcp/names.ts";

Deno.test("allocateToolNames() joins server and tool and replaces what names may not hold", () => {
  assert.deepEqual(
    allocateToolNames([
      { server: "tiny", tool: "get-forecast" },
      { server: "we.ird name", tool: "do it!" },
    ]),
    ["mcp__tiny__get-forecast", "mcp__we_ird_name__do_it_"],
  );
});

Deno.test("allocateToolNames() cuts long names and marks them with a hash of what they stand for", () => {
  const tool = "t".repeat(80);
  const [name, other] = allocateToolNames([
    { server: "s", tool },
    { server: "s", tool: `${tool}2` },
  ]);
  assert.match(name ?? "", /^mcp__s__t{43}_[0-9a-f]{12}$/);
  assert.equal(name?.length, 64);
  assert.notEqual(name, other);
});

Deno.test("allocateToolNames() gives each of two that would meet a name of its own", () => {
  const names = allocateToolNames([
    { server: "a", tool: "x.y" },
    { server: "a", tool: "x/y" },
    { server: "a", tool: "x" },
  ]);
  assert.equal(new Set(names).size, 3);
  assert.match(names[0] ?? "", /^mcp__a__x_y_[0-9a-f]{12}$/);
  assert.match(names[1] ?? "", /^mcp__a__x_y_[0-9a-f]{12}$/);
  assert.equal(names[2], "mcp__a__x");
});

const identity: fc.Arbitrary<ToolIdentity> = fc.record({
  server: fc.constantFrom("a", "a_b", "a.b", "long".repeat(20)),
  tool: fc.oneof(
    fc.constantFrom("x", "x_y", "x.y", "x y", "_x", "y".repeat(70)),
    fc.string({ minLength: 1, maxLength: 90 }),
  ),
});

Deno.test("allocateToolNames() is within bounds, unique, and the same in any order", () => {
  fc.assert(fc.property(
    fc.uniqueArray(identity, { selector: (one) => JSON.stringify(one) }),
    (tools) => {
      const names = allocateToolNames(tools);
      for (const name of names) assert.match(name, /^[A-Za-z0-9_-]{1,64}$/);
      assert.equal(new Set(names).size, tools.length);
      const reversed = allocateToolNames(tools.toReversed()).toReversed();
      assert.deepEqual(reversed, names);
    },
  ));
});

Deno.test("compareText() orders by code units, capitals first", () => {
  assert.deepEqual(["b", "a", "B", "ä"].sort(compareText), [
    "B",
    "a",
    "b",
    "ä",
  ]);
  assert.equal(compareText("a", "a"), 0);
});
