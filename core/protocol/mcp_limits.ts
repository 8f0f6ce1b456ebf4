/** The limits around MCP servers; part of the table in limits.ts, which everybody reads. */

export const MCP_LIMITS = {
  /** Of an MCP server: until it has said what it offers, and one call without progress. */
  mcpStartupMs: 30_000,
  mcpToolMs: 120_000,
  /** Stands for no time limit at all: the longest a timer can wait. */
  mcpClockMs: 2 ** 31 - 1,
  /** Between two looks at work that a server does on its own. */
  mcpPollMs: 500,
  mcpPollMinMs: 50,
  mcpPollMaxMs: 5_000,
  /** Between two looks at a list of tools that a server says has changed. */
  mcpRelistMs: 1_000,
  /** One message of an MCP server; a longer one is not read into memory. */
  mcpMessageBytes: 32 * 1024 * 1024,
  /** Of a longer message, from either end, to find out what it answers. */
  mcpMessageEdgeBytes: 1_024,
  /** The end of what a server says on stderr, kept, and shown when it fails. */
  mcpStderrBytes: 8 * 1024,
  mcpStderrShownBytes: 1_024,
  /** Between closing a server's stdin and SIGTERM, and from there to SIGKILL. */
  mcpStdinGraceMs: 500,
  mcpTermGraceMs: 1_500,
  /** Saying goodbye to a server reached by HTTP. */
  mcpGoodbyeMs: 1_000,
  mcpToolNameChars: 64,
  mcpDescriptionBytes: 8 * 1024,
  /** JSON text of one tool's parameters, and how deep it is looked into. */
  mcpSchemaBytes: 64 * 1024,
  mcpSchemaDepth: 24,
  /** Answers that one listing of a server may take, and what it may list in all. */
  mcpPages: 100,
  mcpListed: 2_000,
  /** The file of a project that names servers. */
  mcpProjectFileBytes: 256 * 1024,
  /** How long a person has to log in with their browser. */
  mcpLoginMs: 300_000,
  /** What a server may ask a person to fill in: JSON text of the schema, and its fields. */
  mcpFormBytes: 128 * 1024,
  mcpFormFields: 50,
  /** Pages that it may want opened before a call. */
  mcpPagesFirst: 3,
  /** Choices of a field that are shown; all of them can be named. */
  mcpFormChoicesShown: 40,
  /** Lines of one of its texts that are shown. */
  mcpFormLinesShown: 40,
  /** Answers of the model that servers get in one turn, all of them together. */
  mcpSamplesPerTurn: 20,
  /** One request of a server to the model: messages, JSON text, and tokens of the answer. */
  mcpSampleMessages: 100,
  mcpSampleBytes: 4 * 1024 * 1024,
  mcpSampleTokens: 16_384,
  /** Fewer are refused by the Responses API. */
  mcpSampleTokensMin: 16,
  /** Of one such message, shown to the person who is asked. */
  mcpSampleShownLines: 12,
  mcpSampleShownChars: 2_000,
} as const;
