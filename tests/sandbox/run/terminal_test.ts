import assert from "node:assert/strict";
import type { RunningCommand } from "../../../core/protocol/command.ts";
import { backendsHere, LINUX, openPlace } from "../support.ts";

const BACKENDS = Deno.build.os === "linux" ? backendsHere() : [];
const SIZE = { rows: 30, columns: 100 };

/** A script at a terminal; `type` is called once the script has said `ready`. */
async function atTerminal(
  place: Awaited<ReturnType<typeof openPlace>>,
  script: string,
  type: (running: RunningCommand) => Promise<void> | void = () => {},
): Promise<{ readonly code: number; readonly text: string }> {
  let text = "";
  let isTyped = false;
  const decoder = new TextDecoder();
  const started = Promise.withResolvers<RunningCommand>();
  const result = await place.run(script, {
    terminal: SIZE,
    onStart: started.resolve,
    onBytes: (bytes) => {
      text += decoder.decode(bytes, { stream: true });
      if (isTyped || !text.includes("ready")) return;
      isTyped = true;
      void started.promise.then(type);
    },
  });
  return { code: result.exitCode, text: text.replaceAll("\r", "") };
}

function keys(text: string): (running: RunningCommand) => Promise<void> {
  return (running) => running.write(new TextEncoder().encode(text));
}

for (const backend of BACKENDS) {
  Deno.test(
    `run() gives a command a terminal of its own, with its size and its name (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const { code, text } = await atTerminal(
        place,
        "[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && stty size; exit 4",
      );
      assert.equal(text, "30 100\n");
      assert.equal(code, 4);
    },
  );

  Deno.test(
    `A password is asked for at /dev/tty, and not shown (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const { text } = await atTerminal(
        place,
        "exec 0</dev/null; stty -echo </dev/tty; echo ready >/dev/tty; read w </dev/tty; echo got $w",
        keys("secret\n"),
      );
      assert.equal(text, "ready\ngot secret\n");
    },
  );

  Deno.test(
    `Ctrl-C, the end of input and a new size reach what runs at the terminal (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const interrupted = await atTerminal(
        place,
        "trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 0.05; done",
        keys("\u0003"),
      );
      assert.equal(interrupted.code, 9);
      assert.match(interrupted.text, /caught/);
      const over = await atTerminal(
        place,
        "echo ready; cat; echo over",
        keys("line\n\u0004"),
      );
      assert.match(over.text, /line\n.*over\n$/s);
      const resized = await atTerminal(
        place,
        "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.05; done",
        (running) => running.resize({ rows: 50, columns: 120 }),
      );
      assert.match(resized.text, /50 120/);
    },
  );

  Deno.test(
    `A command at a terminal cannot type into it as if it were a person (${backend})`,
    { ...LINUX, ignore: LINUX.ignore || backend === "none" },
    async () => {
      await using place = await openPlace({ backend });
      const { text } = await atTerminal(
        place,
        `python3 -c '
import fcntl, termios
try:
    fcntl.ioctl(0, termios.TIOCSTI, b"x")
    print("typed")
except OSError as error:
    print("refused", error.errno)
'`,
      );
      assert.equal(text, "refused 1\n");
    },
  );
}
