/** The steps that random scripts of an editor or another program name. */
import { call, customCall, fail, say, type Step, think } from "./mock_model.ts";

/** What a model does that random scripts name; `name` is that of the file it makes. */
export function stepFor(model: string, name: string): Step {
  switch (model) {
    case "think":
      return [think("hm"), say("thought")];
    case "command":
      return [call("shell", {
        command: ["touch", name],
        sandbox_permissions: "require_escalated",
        justification: "to see",
      })];
    case "patch":
      return [customCall(
        "apply_patch",
        `*** Begin Patch\n*** Add File: ${name}\n+x\n*** End Patch\n`,
      )];
    case "plan":
      return [
        call("update_plan", { plan: [{ step: "s", status: "in_progress" }] }),
      ];
    case "fail":
      return fail(400, { message: "no" });
    default:
      return [say("said")];
  }
}
