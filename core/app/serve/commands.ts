/** `command/exec`: a client's own commands, confined as the person's settings say. */
import type { LoadedConfig } from "../../config/load.ts";
import { secretNames } from "../../config/secrets.ts";
import {
  parseBase64,
  parseParams,
  refusal,
  RPC,
  RpcError,
} from "../../frontends/app_server/rpc.ts";
import type {
  MethodContext,
  OtherMethods,
} from "../../frontends/app_server/services.ts";
import {
  ExecParams,
  ExecWriteParams,
  ProcessParams,
  ResizeParams,
} from "../../frontends/app_server/words/machine_schema.ts";
import { buildCommandEnv } from "../../policy/command_env.ts";
import { isSandboxed } from "../../policy/decide.ts";
import type { RunningCommand } from "../../protocol/command.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { hasNetwork, type SandboxPolicy } from "../../protocol/policy.ts";
import { realFolder } from "../runtime.ts";
import type { ServeBase } from "./base.ts";

/** One that runs. */
interface ClientCommand {
  readonly stop: AbortController;
  running?: RunningCommand;
}

export function commandMethods(base: ServeBase): OtherMethods {
  const clients = new WeakMap<object, Map<string, ClientCommand>>();
  const commandsOf = ({ client }: MethodContext): Map<
    string,
    ClientCommand
  > => {
    const there = clients.get(client) ?? new Map();
    clients.set(client, there);
    return there;
  };
  return new Map<
    string,
    (params: unknown, context: MethodContext) => Promise<unknown>
  >([
    [
      "command/exec",
      (params, context) => exec(base, params, context, commandsOf(context)),
    ],
    ["command/exec/write", async (params, context) => {
      const { processId, deltaBase64 } = parseParams(ExecWriteParams, params);
      const running = need(commandsOf(context), processId).running;
      await running?.write(parseBase64("deltaBase64", deltaBase64 ?? ""));
      return {};
    }],
    ["command/exec/resize", (params, context) => {
      const { processId, size } = parseParams(ResizeParams, params);
      const { rows, cols: columns } = size;
      need(commandsOf(context), processId).running?.resize({ rows, columns });
      return Promise.resolve({});
    }],
    ["command/exec/terminate", (params, context) => {
      const { processId } = parseParams(ProcessParams, params);
      need(commandsOf(context), processId).stop.abort();
      return Promise.resolve({});
    }],
  ]);
}

async function exec(
  base: ServeBase,
  given: unknown,
  context: MethodContext,
  commands: Map<string, ClientCommand>,
): Promise<unknown> {
  const params = parseParams(ExecParams, given);
  const id = params.processId ?? base.host.newId();
  checkExec(params, commands, id);
  const own: ClientCommand = { stop: new AbortController() };
  commands.set(id, own);
  try {
    return await run(base, { ...params, processId: id }, context, own);
  } finally {
    commands.delete(id);
  }
}

function checkExec(
  params: ExecParams,
  commands: ReadonlyMap<string, ClientCommand>,
  id: string,
): void {
  if (commands.has(id)) throw refusal(`Cannot run: process ${id} is running`);
  if (commands.size >= LIMITS.appServerCommands) {
    throw refusal(
      `Cannot run: ${LIMITS.appServerCommands} commands of this client are running, must be fewer`,
    );
  }
  const streams = params.streamStdin || params.streamStdoutStderr ||
    params.tty;
  if (streams && !params.processId) {
    throw new RpcError(
      RPC.invalidParams,
      'Cannot run: "processId" is missing, must be there for a terminal and for streams',
    );
  }
  if (params.streamStdin && !params.tty) {
    throw refusal(
      'Cannot run: a command takes input through its terminal alone, must have "tty"',
    );
  }
}

async function run(
  base: ServeBase,
  params: ExecParams & { readonly processId: string },
  { notify, gone }: MethodContext,
  own: ClientCommand,
): Promise<unknown> {
  const { host, sandbox } = base;
  const { loaded, policy: configured } = await base.permitted();
  const policy = policyFor(params, configured, loaded);
  const { processId, size, tty, streamStdoutStderr } = params;
  const isStreamed = streamStdoutStderr === true || tty === true;
  const cap = params.outputBytesCap ?? LIMITS.outputBytesMax;
  let left = cap;
  const result = await sandbox.run({
    argv: params.command,
    cwd: await realFolder(host, params.cwd ?? loaded.cwd),
    workspace: loaded.cwd,
    env: environmentOf(base, loaded, { policy, own: params.env ?? {} }),
    policy,
    sandboxed: isSandboxed(policy),
    timeoutMs: params.disableTimeout ? LIMITS.commandTimeoutMaxMs : Math.min(
      params.timeoutMs ?? LIMITS.commandTimeoutMs,
      LIMITS.commandTimeoutMaxMs,
    ),
    signal: AbortSignal.any([own.stop.signal, gone]),
    ...(tty && {
      terminal: { rows: size?.rows ?? 24, columns: size?.cols ?? 80 },
    }),
    onStart: (running) => own.running = running,
    ...(isStreamed && {
      onBytes: (bytes) => {
        if (left <= 0) return;
        const part = bytes.subarray(0, left);
        left -= bytes.length;
        notify("command/exec/outputDelta", {
          processId,
          stream: "stdout",
          deltaBase64: part.toBase64(),
          capReached: left <= 0,
        });
      },
    }),
  });
  const { head, tail } = result.output;
  const text = tail === "" ? head : `${head}\n…\n${tail}`;
  return {
    exitCode: result.exitCode,
    stdout: isStreamed ? "" : text.slice(0, cap),
    stderr: "",
  };
}

// Narrower than configured is a client's choice, wider is the person's.
function policyFor(
  { sandboxPolicy, permissionProfile }: ExecParams,
  configured: SandboxPolicy,
  { permissions }: LoadedConfig,
): SandboxPolicy {
  if (permissionProfile) {
    throw refusal(
      "Cannot run under another permission profile: must be the configured one",
    );
  }
  if (!sandboxPolicy) return configured;
  const readOnly = permissions.modePolicy("read-only");
  if (
    sandboxPolicy.type === "readOnly" && sandboxPolicy["networkAccess"] !== true
  ) return readOnly;
  if (sandboxPolicy.type === TYPES[configured.mode]) return configured;
  throw refusal(
    `Cannot run with sandbox policy ${sandboxPolicy.type}: it is not what is configured (${configured.mode}), must be that or readOnly; start ${"`rondo app-server`"} with --sandbox for another one`,
  );
}

const TYPES: Readonly<Record<SandboxPolicy["mode"], string>> = {
  "read-only": "readOnly",
  "workspace-write": "workspaceWrite",
  "danger-full-access": "dangerFullAccess",
  "external-sandbox": "externalSandbox",
};

function environmentOf(
  { host }: ServeBase,
  { config }: LoadedConfig,
  { policy, own }: {
    readonly policy: SandboxPolicy;
    readonly own: Readonly<Record<string, string | null>>;
  },
): Readonly<Record<string, string>> {
  const env = buildCommandEnv({
    parent: host.envAll(),
    policy: config.shell_environment_policy,
    secretNames: secretNames(config),
    threadId: "",
    networkAccess: hasNetwork(policy),
  });
  const merged = Object.entries({ ...env, ...own });
  return Object.fromEntries(
    merged.flatMap(([name, value]) => value === null ? [] : [[name, value]]),
  );
}

function need(
  commands: ReadonlyMap<string, ClientCommand>,
  processId: string,
): ClientCommand {
  const found = commands.get(processId);
  if (found !== undefined) return found;
  throw refusal(`Cannot find process ${processId}: it is not running`);
}
