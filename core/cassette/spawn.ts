/** Child processes through an engine: their output piece by piece, and their end. */
import type {
  Child,
  ExitStatus,
  Host,
  SpawnArgument,
  SpawnRequest,
} from "../protocol/host.ts";
import type { Json } from "../util/json/json.ts";
import { type Engine, recordedStream } from "./engine.ts";

/** In a replay nothing is started: the child is its recorded output and end. */
export function recordedSpawn(
  engine: Engine,
  host: Host,
): (request: SpawnRequest) => Child {
  let count = 0;
  return (request) => {
    const number = ++count;
    let real: Child | undefined;
    const pid = engine.runSync({
      key: `spawn:${commandLine(request)}`,
      real: () => {
        real = host.spawn(request);
        return real.pid;
      },
      encode: (value) => value,
      decode: Number,
    });
    const status = engine.run<ExitStatus>({
      key: `exit:${number}`,
      real: () => real?.status ?? Promise.reject(new Error("no child")),
      encode: (value) => ({ ...value }),
      decode: (value) => value as Json as unknown as ExitStatus,
      mayStayOpen: true,
    });
    // It may be looked at late or never.
    status.catch(() => {});
    const output = (name: "stdout" | "stderr"): Child["stdout"] =>
      request[name] === "pipe"
        ? recordedStream(engine, `${name}:${number}`, real?.[name])
        : undefined;
    return {
      pid,
      stdin: real?.stdin ??
        (request.stdin === "pipe" ? new WritableStream() : undefined),
      stdout: output("stdout"),
      stderr: output("stderr"),
      status,
      kill: (signal, options) => real?.kill(signal, options),
    };
  };
}

// What made programs stand for, which is the same on all machines. Bytes among the arguments
// are compiled filters: the same policy, the same bytes.
function commandLine({ args, command, cwd }: SpawnRequest): string {
  return JSON.stringify([command, ...args.flatMap(toWords), cwd]);
}

function toWords(argument: SpawnArgument): readonly string[] {
  if (typeof argument === "string") return [argument];
  if ("isReport" in argument) return ["<report>"];
  if ("image" in argument) return argument.instead.flatMap(toWords);
  return [`<${argument.length} bytes>`];
}
