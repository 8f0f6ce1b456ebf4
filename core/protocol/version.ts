/** Name and version of the program, and of what it promises to those who read its events. */

export const PROGRAM = "rondo";
export const VERSION = "0.1.0";

/** `major.minor` of the event schema: fields and types are only added within one major. */
export const EVENT_SCHEMA = "1.3";
