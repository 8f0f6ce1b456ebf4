/** A program at a real pseudo-terminal, by `script` of util-linux, and what it shows. */
import { ScreenEmulator } from "../core/frontends/repl/screen_emulator.ts";

export interface PtyOptions {
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
}

export interface Pty extends AsyncDisposable {
  /** Everything the program wrote. */
  readonly output: string;
  /** What stands on the terminal and above it. */
  screen(): string;
  /** The same, cell by cell and with styles. */
  cells(): Pick<ScreenEmulator, "rows" | "styles">;
  /** Waits until the program has written that, from a place in `output` on. */
  wrote(text: string, from?: number): Promise<void>;
  /** The screen once it shows that; rejects when the program ends first. */
  shows(text: string | RegExp): Promise<string>;
  type(text: string): Promise<void>;
  /** Waits until keys come one by one, and none is the end of the input (-icanon of stty(1)). */
  isRaw(): Promise<void>;
  /** Changes the window; the program gets SIGWINCH. */
  resize(columns: number): Promise<void>;
  /** Of the program; known once it has begun. */
  readonly pid: number;
  kill(signal: Deno.Signal): void;
  /** Exit code of the program. */
  readonly code: Promise<number>;
}

/** Whether this machine can; tests that need it say so when they are skipped. */
export function hasPty(): boolean {
  if (Deno.build.os !== "linux") return false;
  try {
    const { code } = new Deno.Command("script", {
      args: ["-qfec", "true", "/dev/null"],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).outputSync();
    return code === 0;
  } catch {
    return false;
  }
}

/** Starts the program; disposing kills what is left of it. */
export function openPty(options: PtyOptions): Pty {
  return new ScriptPty(options);
}

/** A test that waits longer waits for ever. */
const PATIENCE_MS = 30_000;

// Says where the terminal is and who is at it, before the program itself begins.
const HEAD = /^PTY (\S+) (\d+)\r\n/;

class ScriptPty implements Pty {
  readonly code: Promise<number>;
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #emulator: ScreenEmulator;
  readonly #reading: Promise<void>;
  #raw = "";
  #drawn = 0;
  #isOver = false;
  #wake: (() => void)[] = [];

  constructor(options: PtyOptions) {
    const { columns = 80, rows = 24 } = options;
    const program = options.argv.map(quote).join(" ");
    const command =
      `stty cols ${columns} rows ${rows}; echo PTY $(tty) $$; exec ${program}`;
    this.#emulator = new ScreenEmulator(columns, rows);
    this.#child = new Deno.Command("script", {
      args: ["-qfec", command, "/dev/null"],
      cwd: options.cwd,
      env: { ...options.env, SHELL: "/bin/sh" },
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reading = this.#read();
    this.code = this.#end();
  }

  get output(): string {
    return this.#raw.replace(HEAD, "");
  }

  screen(): string {
    const text = this.output;
    this.#emulator.write(text.slice(this.#drawn));
    this.#drawn = text.length;
    return this.#emulator.text();
  }

  cells(): Pick<ScreenEmulator, "rows" | "styles"> {
    this.screen();
    return this.#emulator;
  }

  async wrote(text: string, from: number = 0): Promise<void> {
    while (!this.output.includes(text, from)) {
      if (this.#isOver) throw new Error(`Never written: ${text}`);
      await new Promise<void>((wake) => this.#wake.push(wake));
    }
  }

  async shows(text: string | RegExp): Promise<string> {
    let isLate = false;
    const guard = setTimeout(() => {
      isLate = true;
      this.#tell();
    }, PATIENCE_MS);
    try {
      return await this.#showsOrEnds(text, () => isLate);
    } finally {
      clearTimeout(guard);
    }
  }

  async #showsOrEnds(
    text: string | RegExp,
    isLate: () => boolean,
  ): Promise<string> {
    for (;;) {
      const screen = this.#raw === "" ? "" : this.screen();
      const isThere = typeof text === "string"
        ? screen.includes(text)
        : text.test(screen);
      if (isThere) return screen;
      if (this.#isOver || isLate()) {
        throw new Error(`Never shown: ${text}, but:\n${screen}`);
      }
      await new Promise<void>((wake) => this.#wake.push(wake));
    }
  }

  async type(text: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(text));
  }

  async isRaw(): Promise<void> {
    const lateMs = Date.now() + PATIENCE_MS;
    while (!(await this.#stty("-a")).includes("-icanon")) {
      if (Date.now() > lateMs) throw new Error("The terminal is never raw");
    }
  }

  async resize(columns: number): Promise<void> {
    this.#emulator.columns = columns;
    await this.#stty("cols", String(columns));
  }

  async #stty(...args: readonly string[]): Promise<string> {
    const { path } = this.#head();
    const { code, stdout } = await new Deno.Command("stty", {
      args: ["-F", path, ...args],
    }).output();
    if (code !== 0) throw new Error(`stty ${args.join(" ")} fails at ${path}`);
    return new TextDecoder().decode(stdout);
  }

  get pid(): number {
    return this.#head().pid;
  }

  kill(signal: Deno.Signal): void {
    Deno.kill(this.pid, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.#writer.close().catch(() => {});
    await this.code;
    await this.#reading;
  }

  // With the code all that was written is there.
  async #end(): Promise<number> {
    await this.#reading;
    return (await this.#child.status).code;
  }

  #head(): { readonly path: string; readonly pid: number } {
    const [, path = "", pid = ""] = HEAD.exec(this.#raw) ?? [];
    if (path === "") throw new Error("the terminal is not open yet");
    return { path, pid: Number(pid) };
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#child.stdout) {
      this.#raw += decoder.decode(chunk, { stream: true });
      // Half a sequence cannot be drawn yet.
      // deno-lint-ignore no-control-regex
      if (/\x1b(\[[\d;?]*)?$/.test(this.#raw)) continue;
      this.#tell();
    }
    this.#isOver = true;
    this.#tell();
  }

  #tell(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
