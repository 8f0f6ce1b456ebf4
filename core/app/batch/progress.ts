/** How far a batch is: JSON lines for programs, one line for people. */
import type { BatchEvent } from "../../contract/batch.ts";
import type { Flags } from "../../contract/command_line.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { shardText } from "../../batch/engines/shard.ts";
import { encodeJsonLine } from "../../util/json/jsonl.ts";
import { visibleLine } from "../../util/text/visible_text.ts";

type EventOf<T extends BatchEvent["type"]> = Extract<BatchEvent, { type: T }>;

/** Takes the events of a batch. */
export type Say = (event: BatchEvent) => void;

/** Says them as the flags ask for. */
export function openProgress(terminal: Terminal, flags: Flags): Say {
  if (flags.json) {
    return (event) => void terminal.stdout.write(encodeJsonLine(event));
  }
  const line = new ProgressLine(terminal, flags.quiet === true);
  return (event) => line.take(event);
}

function shardLine(
  { shard, tasks, out }: EventOf<"batch.started">,
): string {
  if (shard === undefined) return "";
  return `Shard ${
    shardText(shard)
  } by ${shard.from}: ${tasks} tasks, into ${out}`;
}

const CLEAR = "\r\x1b[K";

/** On a terminal one line that is drawn over, elsewhere a line for each task. */
class ProgressLine {
  readonly #terminal: Terminal;
  readonly #isQuiet: boolean;
  #tasks = 0;
  #done = 0;
  #failed = 0;
  readonly #running = new Map<number, string>();

  constructor(terminal: Terminal, isQuiet: boolean) {
    this.#terminal = terminal;
    this.#isQuiet = isQuiet;
  }

  take(event: BatchEvent): void {
    switch (event.type) {
      case "batch.started":
        ({ tasks: this.#tasks, done: this.#done, failed: this.#failed } =
          event);
        if (event.shard !== undefined) this.#tell(shardLine(event));
        return this.#draw();
      case "task.started":
        this.#running.set(event.index, event.id);
        return this.#draw();
      case "task.retried":
        this.#running.delete(event.index);
        return this.#tell(
          `Task ${event.id}: attempt ${event.attempt} ended with ${event.exit_code}, again in ${
            seconds(event.delay_ms)
          }`,
        );
      case "task.completed":
        return this.#end(event);
      case "warning":
        return this.#tell(`Warning: ${event.message}`);
      case "batch.completed":
        return this.#clear();
    }
  }

  #end(event: EventOf<"task.completed">): void {
    this.#running.delete(event.index);
    if (event.exit_code === 0) this.#done++;
    else this.#failed++;
    const { isTty } = this.#terminal.stderr;
    if (isTty && event.exit_code === 0) return this.#draw();
    const how = event.exit_code === 0
      ? "done"
      : `${event.status} (exit ${event.exit_code})`;
    const count = `${this.#done + this.#failed}/${this.#tasks}`;
    this.#tell(
      `[${count}] ${event.id}: ${how}, ${seconds(event.duration_ms)}`,
    );
  }

  #tell(text: string): void {
    if (this.#isQuiet) return;
    this.#clear();
    this.#terminal.stderr.write(`${visibleLine(text, 400)}\n`);
    this.#draw();
  }

  #clear(): void {
    if (!this.#isQuiet && this.#terminal.stderr.isTty) {
      this.#terminal.stderr.write(CLEAR);
    }
  }

  #draw(): void {
    const { stderr } = this.#terminal;
    if (this.#isQuiet || !stderr.isTty) return;
    const failed = this.#failed === 0 ? "" : `, ${this.#failed} failed`;
    const now = [...this.#running.values()].join(" ");
    const text = `${
      this.#done + this.#failed
    } of ${this.#tasks} tasks${failed}; running: ${now}`;
    stderr.write(CLEAR + visibleLine(text, Math.max(10, stderr.columns - 1)));
  }
}

/** Milliseconds as seconds, for people. */
function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
