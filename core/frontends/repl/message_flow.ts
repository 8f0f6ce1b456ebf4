/** Answers as they are written; one that may be a list of findings is shown as a whole. No I/O. */
import type { Event } from "../../protocol/event.ts";
import { beginsReview, parseReview, renderReview } from "../render/review.ts";
import type { ActivityRenderOptions } from "../render/activity.ts";

/** Where the text of one answer goes, piece by piece. */
export interface AnswerStream {
  push(text: string): void;
  end(): void;
}

interface AnswerWriter {
  readonly renderOptions: () => ActivityRenderOptions;
  readonly openStream: () => AnswerStream;
  readonly renderText: (text: string) => readonly string[];
  /** Writes the lines of a whole answer. */
  readonly print: (lines: readonly string[]) => void;
}

interface OpenMessage {
  readonly id: string;
  readonly stream: AnswerStream;
  /** The text so far, while it is held back. */
  held: string;
  isReview: "yes" | "no" | "maybe";
}

export class MessageFlow {
  readonly #writer: AnswerWriter;
  #open: OpenMessage | undefined;

  constructor(writer: AnswerWriter) {
    this.#writer = writer;
  }

  /** Characters of the findings that are being written. */
  get findingsChars(): number | undefined {
    return this.#open?.isReview === "yes" ? this.#open.held.length : undefined;
  }

  /** True for an event of a message: it is shown. */
  take(event: Event): boolean {
    switch (event.type) {
      case "text.delta":
        this.#delta(event.activityId, event.text);
        return true;
      case "activity.withdrawn":
        if (this.#open?.id === event.activityId) this.close();
        return true;
      case "activity.completed": {
        const { activity } = event;
        if (activity.type !== "message") return false;
        const isShown = this.#open?.id === activity.id;
        this.close();
        if (!isShown) this.show(activity.text);
        return true;
      }
      default:
        return false;
    }
  }

  /** A whole answer. */
  show(text: string): void {
    const answer = parseReview(text);
    this.#writer.print(
      answer === undefined
        ? this.#writer.renderText(text)
        : renderReview(answer, this.#writer.renderOptions()),
    );
  }

  /** Nothing more comes of the present message. */
  close(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    if (open.isReview === "no") open.stream.end();
    else this.show(open.held);
  }

  #delta(id: string, text: string): void {
    if (this.#open?.id !== id) this.close();
    const open = this.#open ??= {
      id,
      stream: this.#writer.openStream(),
      held: "",
      isReview: "maybe",
    };
    if (open.isReview === "no") return open.stream.push(text);
    open.held += text;
    if (open.isReview === "maybe") open.isReview = beginsReview(open.held);
    if (open.isReview === "no") open.stream.push(open.held);
  }
}
