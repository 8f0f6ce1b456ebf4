/** The clipboard: a program of the desktop, or the terminal itself. */
import type { SpawnRequest } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import type { ReplHost } from "./services.ts";
import { withTimeout } from "../../util/async.ts";
import { findProgram } from "../../util/find_program.ts";

type CopyHost = Pick<
  ReplHost,
  "cwd" | "env" | "envAll" | "files" | "os" | "sleep" | "spawn"
>;

/** The command that takes a text on stdin; undefined without a desktop. */
function clipboardProgram(
  host: Pick<ReplHost, "env" | "os">,
): readonly string[] | undefined {
  if (host.os === "darwin") return ["pbcopy"];
  if (host.os === "windows") return ["clip.exe"];
  const has = (name: string): boolean => (host.env(name) ?? "") !== "";
  if (has("WAYLAND_DISPLAY")) return ["wl-copy"];
  return has("DISPLAY") ? ["xclip", "-selection", "clipboard"] : undefined;
}

/** Copies; resolves to what did it, or undefined when nothing can. */
export async function copyText(
  text: string,
  host: CopyHost,
  place: {
    readonly terminal: Terminal;
    /** Folders that commands may write to. */
    readonly writable: readonly string[];
  },
): Promise<string | undefined> {
  const { terminal, writable } = place;
  const [name = "", ...args] = clipboardProgram(host) ?? [];
  const program = name === "" || host.os === "windows"
    ? name
    : await findProgram(name, {
      files: host.files,
      path: host.env("PATH"),
      writable,
    }) ?? "";
  if (program !== "" && await pipeInto([program, ...args], text, host)) {
    return name;
  }
  const encoded = new TextEncoder().encode(text).toBase64();
  const isTerminal = terminal.stdout.isTty && terminal.env("TERM") !== "dumb";
  if (!isTerminal || encoded.length > LIMITS.clipboardBytes) return undefined;
  // OSC 52 (xterm control sequences): reaches the user's desktop over ssh as well.
  terminal.stdout.write(`\x1b]52;c;${encoded}\x07`);
  return "through the terminal";
}

async function pipeInto(
  [command = "", ...args]: readonly string[],
  text: string,
  host: CopyHost,
): Promise<boolean> {
  const request: SpawnRequest = {
    command,
    args,
    cwd: host.cwd,
    env: host.envAll(),
    stdin: new TextEncoder().encode(text),
    stdout: "null",
    stderr: "null",
    detached: false,
  };
  try {
    const child = host.spawn(request);
    const end = await withTimeout(child.status, LIMITS.clipboardMs, host);
    if (end !== "timeout") return end.code === 0;
    child.kill("SIGKILL");
  } catch {
    // A program that cannot be started takes no text.
  }
  return false;
}
