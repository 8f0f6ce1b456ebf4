/** How the model is offered apply_patch: as free text with a grammar, or as a function. */
import type { JsonObject } from "../../core/util/json/json.ts";
import description from "../../prompts/tools/apply_patch.md" with {
  type: "text",
};
import freeformNote from "../../prompts/tools/apply_patch_freeform.md" with {
  type: "text",
};

/** The patch language in Lark, for servers that hold the model to it while it writes. */
const PATCH_GRAMMAR = `start: begin hunk+ end
begin: "*** Begin Patch" LF
end: "*** End Patch" LF?

hunk: add | delete | update
add: "*** Add File: " path LF added*
delete: "*** Delete File: " path LF
update: "*** Update File: " path LF move? (change | place) place*
move: "*** Move to: " path LF

place: seek+ change
seek: ("@@" | "@@ " text) LF
change: line+ last?
line: ("+" | "-" | " ") text? LF
added: "+" text? LF
last: "*** End of File" LF

path: /(.+)/
text: /(.+)/

%import common.LF
`;

/** The custom tool: the call's input is the patch. */
export function freeformPatchSpec(): JsonObject {
  return {
    type: "custom",
    name: "apply_patch",
    description: `${freeformNote.trim()}\n\n${description.trim()}`,
    format: { type: "grammar", syntax: "lark", definition: PATCH_GRAMMAR },
  };
}

/** The function tool, for models that know no custom tools. */
export function functionPatchSpec(): JsonObject {
  return {
    type: "function",
    name: "apply_patch",
    description: description.trim(),
    strict: false,
    parameters: {
      type: "object",
      properties: {
        input: {
          type: "string",
          description:
            'The whole patch, from "*** Begin Patch" to "*** End Patch"',
        },
      },
      required: ["input"],
      additionalProperties: false,
    },
  };
}
