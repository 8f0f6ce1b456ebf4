/** What a turn of the soak may meet: of the server, the model, the machine. */
import type { JsonObject } from "../../core/util/json/json.ts";
import {
  call,
  cut,
  event,
  fail,
  failed,
  garbage,
  incomplete,
  type Part,
  raw,
  say,
  type Step,
  think,
  unknownItem,
  usage,
} from "../support/mock_model.ts";

function shell(script: string, more: JsonObject = {}): Part {
  return call("shell", { command: ["sh", "-c", script], ...more });
}

/** Answers of the server, turn by turn. */
export const FAULTS: readonly (() => readonly Step[])[] = [
  () => [say("plain")],
  () => [[think("a thought"), say("x".repeat(5_000), { deltas: 50 })]],
  () => [shell("echo hi"), say("done")],
  () => [shell("exit 3"), say("done")],
  () => [shell("sleep 60 & echo started"), say("done")],
  () => [shell("head -c 300000 /dev/zero | tr '\\0' x"), say("done")],
  () => [shell("kill -9 $$"), say("done")],
  () => [shell("sleep 5", { timeout_ms: 50 }), say("done")],
  () => [shell("mkfifo f && rm f"), say("done")],
  () => [
    [shell("echo 1"), shell("echo 2"), call("nothing", {})],
    say("done"),
  ],
  () => [call("shell", "{"), say("done")],
  () => [call("shell", "[".repeat(5_000)), say("done")],
  () => [call("view_image", { path: "/dev/null" }), say("done")],
  () => [call("apply_patch", { input: "*** nothing" }), say("done")],
  () => [fail(500), say("after an error")],
  () => [fail(429, "slow down", { "retry-after": "0" }), say("after a limit")],
  () => [cut(), say("after a cut")],
  () => [[say("half"), cut()], say("after a cut")],
  () => [garbage(), say("after garbage")],
  () => [fail(400, "no")],
  () => [failed("server_error", "broken"), say("after a failure")],
  () => [incomplete("max_output_tokens")],
  () => [[unknownItem(), say("and a hologram")]],
  () => [raw(`data: {"x":${"[".repeat(9_000)}\n\n`), say("after depth")],
  () => [[event({ type: "response.news" }), say("news")]],
  () => [[usage(null), say("no usage")]],
];
