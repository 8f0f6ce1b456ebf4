/** One look for each thing that a server may take or not. */
import type { Asked, Asker, ProbeFailure } from "./asker.ts";
import * as bodies from "./bodies.ts";
import {
  briefly,
  type Finding,
  judged,
  notSupported,
  supported,
  unknown,
} from "./findings.ts";
import type { ListedModels } from "./models.ts";

export interface Probe {
  readonly asker: Asker;
  readonly body: bodies.BodyOptions;
  readonly listed: ListedModels;
}

type Look = (probe: Probe) => Promise<readonly Finding[]>;

/** In the order of the table. */
export const LOOKS: readonly Look[] = [
  lookAtCalls,
  lookAtChoice,
  lookAtCustomTools,
  lookAtDeveloper,
  lookAtReasoning,
  lookAtImages,
  lookAtCompact,
];

async function lookAtCalls({ asker, body }: Probe): Promise<Finding[]> {
  const asked = await asker.ask(bodies.callsBody(body));
  const tools = judged(
    "function_tools",
    asked,
    ({ calls }) =>
      calls.length > 0
        ? supported("function_tools", "called when asked to")
        : unknown("function_tools", "taken, but the model called none"),
  );
  const name = "parallel_calls";
  if (!asked.ok) return [tools, { ...tools, name }];
  const count = asked.calls.length;
  return [
    tools,
    count > 1
      ? supported(name, `${count} calls in one answer`)
      : count === 1
      ? notSupported(name, "one call in an answer, where two were asked for")
      : unknown(name, "the model called none"),
  ];
}

async function lookAtChoice({ asker, body }: Probe): Promise<Finding[]> {
  const name = "tool_choice";
  const asked = await asker.ask(bodies.noCallBody(body));
  return [
    judged(
      name,
      asked,
      ({ calls }) =>
        calls.length === 0 ? supported(name, '"none" is obeyed') : notSupported(
          name,
          '"none" is taken, and a tool is called all the same',
        ),
    ),
  ];
}

async function lookAtCustomTools({ asker, body }: Probe): Promise<Finding[]> {
  const name = "custom_tools";
  if (asker.wireApi === "chat") {
    return [notSupported(name, "chat completions have functions alone")];
  }
  const asked = await asker.ask(bodies.customBody(body));
  return [
    judged(
      name,
      asked,
      ({ calls }) =>
        calls.some(({ form }) => form === "custom")
          ? supported(name, "called with free text")
          : calls.length > 0
          ? notSupported(name, "called as a function")
          : unknown(name, "taken, but the model called none"),
    ),
  ];
}

async function lookAtDeveloper({ asker, body }: Probe): Promise<Finding[]> {
  const name = "developer_messages";
  const asked = await asker.ask(bodies.developerBody(body, "as they are"));
  if (asked.ok) {
    return [supported(name, "also in the middle of a conversation")];
  }
  const one = await asker.ask(bodies.developerBody(body, "one system text"));
  const words = briefly(asked.error.message);
  // Templates that fail are often a fault of the server's own, with any status.
  return [
    one.ok && (asked.isRefusal || (asked.error.status ?? 0) >= 500)
      ? notSupported(name, `one system text is taken; else ${words}`)
      : unknown(name, words),
  ];
}

async function lookAtReasoning({ asker, body }: Probe): Promise<Finding[]> {
  const effort = "reasoning";
  const cipher = "encrypted_reasoning";
  const isChat = asker.wireApi === "chat";
  let asked = await asker.ask(
    bodies.reasoningBody(body, { encrypted: !isChat }),
  );
  const encrypted = isChat
    ? notSupported(cipher, "chat completions have none")
    : judged(cipher, asked, ({ items }) => judgeCipher(items));
  if (encrypted.verdict === "not_supported" && !asked.ok) {
    asked = await asker.ask(bodies.reasoningBody(body, { encrypted: false }));
  }
  return [
    judged(
      effort,
      asked,
      () =>
        asker.hasRefused("reasoning_effort")
          ? notSupported(effort, "reasoning_effort is refused")
          : supported(effort, "an effort is taken"),
    ),
    encrypted,
  ];
}

function judgeCipher(
  items: readonly { readonly [name: string]: unknown; readonly type: string }[],
): Finding {
  const name = "encrypted_reasoning";
  const thoughts = items.filter(({ type }) => type === "reasoning");
  if (thoughts.length === 0) {
    return unknown(name, "taken, but no reasoning came");
  }
  return thoughts.some((one) => Boolean(one["encrypted_content"]))
    ? supported(name, "comes with the answer")
    : notSupported(name, "reasoning comes without it");
}

async function lookAtImages({ asker, body }: Probe): Promise<Finding[]> {
  const name = "images";
  const asked = await asker.ask(bodies.imageBody(body));
  return [judged(name, asked, ({ text }) =>
    supported(
      name,
      /red|rot|rouge|rojo/i.test(text)
        ? "seen"
        : `taken; what the model saw is "${briefly(text)}"`,
    ))];
}

async function lookAtCompact({ asker, body }: Probe): Promise<Finding[]> {
  const name = "compact_endpoint";
  if (asker.wireApi === "chat") {
    return [notSupported(name, "chat completions have none")];
  }
  const asked = await asker.compact(bodies.compactBody(body));
  if (!asked.ok && /answer has no list of items/.test(asked.error.message)) {
    return [notSupported(name, briefly(asked.error.message))];
  }
  return [
    judged(
      name,
      asked,
      ({ items }) => supported(name, `answers with ${items.length} items`),
    ),
  ];
}

/** Whether a server can be asked again after an answer was left. */
export async function lookAtLeaving({ asker, body }: Probe): Promise<Finding> {
  const name = "cancellation";
  const left = await asker.leave(bodies.slowBody(body));
  if (left === "too short") {
    return unknown(name, "the answer was over before it could be left");
  }
  if (!left.ok) return unknown(name, briefly(left.error.message));
  const next: Asked = await asker.ask(bodies.plainBody(body));
  return next.ok
    ? supported(name, "the next request is answered after one was left")
    : judgedLeaving(next);
}

function judgedLeaving({ error }: ProbeFailure): Finding {
  return error.kind === "timeout" || error.kind === "rate_limit"
    ? notSupported(
      "cancellation",
      briefly(`after one was left: ${error.message}`),
    )
    : unknown("cancellation", briefly(error.message));
}
