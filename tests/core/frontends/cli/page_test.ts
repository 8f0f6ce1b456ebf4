/** A page of reference, for terminals and as Markdown. */
import assert from "node:assert/strict";
import {
  type Page,
  renderPageMarkdown,
  renderPageText,
} from "../../../../core/frontends/cli/page.ts";

const PAGE: Page = {
  title: "Keys",
  about: "Set *one* of `a_b`.",
  sections: [{
    title: "[a_b]",
    about: "yours",
    rows: [
      { name: "a_b.c", type: "list <x>", text: "Words of `d_e` | more" },
      { name: "plain", text: "" },
    ],
  }],
};

Deno.test("renderPageText() has two columns and says everything as it is", () => {
  assert.equal(
    renderPageText(PAGE),
    `Keys

Set *one* of \`a_b\`.

[a_b] - yours:
  a_b.c                       list <x>: Words of \`d_e\` | more
  plain
`,
  );
});

Deno.test("renderPageMarkdown() escapes what is no code", () => {
  assert.equal(
    renderPageMarkdown(PAGE),
    `# Keys

Set \\*one\\* of \`a_b\`.

## \\[a\\_b\\]

yours

- \`a_b.c\` (list \\<x\\>): Words of \`d_e\` \\| more
- \`plain\`
`,
  );
});
