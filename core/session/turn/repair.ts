/** A history that the server refuses for something in it: that is left out, once, and said. */
import { withoutOlderPictures, withoutRefused } from "../../context/repair.ts";
import { ModelError, type Refused } from "../../protocol/error.ts";
import type { WireItem } from "../../protocol/item.ts";
import type { TurnContext } from "./context.ts";

/** Whether the refusal is for something that is now left out: then the request is due again. */
export function repairHistory(
  error: ModelError,
  context: TurnContext,
): boolean {
  const { transcript } = context.state;
  if (error.refused.includes("system") && !transcript.hasOneSystemText) {
    transcript.useOneSystemText();
    context.cacheWatch.announce("developer messages moved");
    context.emit({
      type: "warning",
      message:
        "The server takes one system text only: developer messages go into the instructions, and the prompt begins anew; set single_system_message of the provider to begin so",
    });
    return true;
  }
  const what = candidates(error).find((one) => leaveOut(one, context));
  if (what === undefined) return false;
  context.emit({
    type: "warning",
    message: `The server refused the request for ${
      WORDS[what]
    } in the history, left out from now on; the prompt no longer extends the one before: ${error.message}`,
  });
  return true;
}

/** Before a request: pictures that are more, or have more bytes, than the provider takes. */
export function leaveOldPictures(context: TurnContext): void {
  const { transcript } = context.state;
  const { countMax, requestBytesMax } = context.deps.endpoint.pictures;
  let left = 0;
  while (
    transcript.pictures > countMax ||
    transcript.pictures > 1 && transcript.inputBytes > requestBytesMax
  ) {
    const before = transcript.pictures;
    exchange(withoutOlderPictures, context);
    if (transcript.pictures === before) break;
    left += before - transcript.pictures;
  }
  if (left === 0) return;
  context.emit({
    type: "warning",
    message:
      `The ${left} oldest pictures are left out from now on: a request may have ${countMax}, and ${requestBytesMax} bytes in all; the prompt no longer extends the one before`,
  });
}

/** Before anything is sent to another provider: what only the last one can read stays behind. */
export function leaveForeign(context: TurnContext): void {
  const { state, deps, emit } = context;
  const { provider } = state;
  const { id, singleSystemMessage } = deps.endpoint;
  state.provider = id;
  const isOne = singleSystemMessage ||
    context.settings.model.singleSystemMessage;
  if (isOne && !state.transcript.hasOneSystemText) {
    state.transcript.useOneSystemText();
  }
  if (provider === undefined || provider === "" || provider === id) return;
  if (!leaveOut("ids", context)) return;
  emit({
    type: "warning",
    message:
      `The session was last with provider "${provider}": its encrypted reasoning and its ids are not sent to "${id}"`,
  });
}

const WORDS: Readonly<Record<Exclude<Refused, "system">, string>> = {
  old_pictures: "its pictures, all but the newest",
  last_picture: "its last picture",
  pictures: "its pictures",
  arguments: "arguments of a call that are no JSON",
  ciphertext: "encrypted reasoning of another provider",
  ids: "ids that it does not know",
};

// Calls whose arguments are no JSON are the usual cause of a refusal that names nothing.
function candidates(error: ModelError): readonly Exclude<Refused, "system">[] {
  const named = error.refused.filter((one) => one !== "system");
  const isVague = error.kind === "invalid_request" &&
    error.refused.length === 0;
  return isVague ? ["arguments"] : named;
}

function leaveOut(
  what: Exclude<Refused, "system">,
  context: TurnContext,
): boolean {
  return exchange((items) => withoutRefused(items, what), context);
}

// Puts other items in the place of some; false when none is another.
function exchange(
  repair: (items: readonly WireItem[]) => ReturnType<typeof withoutRefused>,
  { state, log, cacheWatch }: TurnContext,
): boolean {
  const { entries, handover } = state.transcript;
  const texts = new Map(entries.map(({ item }, at) => [item, at]));
  const { items, changed } = repair([...texts.keys()]);
  if (changed === 0) return false;
  const replacement = items.map((item) => {
    const at = texts.get(item);
    return at === undefined
      ? JSON.stringify(item)
      : state.transcript.loggedText(at);
  });
  log.append({ type: "compacted", summary: "", replacement, handover });
  state.transcript.replace(replacement);
  state.forgetCount();
  cacheWatch.announce("history repaired");
  return true;
}
