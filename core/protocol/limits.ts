/** Data. Every limit of the program in one table. Bytes are UTF-8, times milliseconds. */

export const LIMITS = Object.freeze({
  /** Requests in one turn before it is stopped as a runaway, unless configured. */
  stepsPerTurn: 1_000,
  /**
   * Rounds of the same steps in a row, unless configured: after which the model is told,
   * and the turn ended.
   * Something that fails needs no second try; what succeeds may be waiting for something.
   */
  failingLoop: { tell: 5, end: 30 },
  idleLoop: { tell: 10, end: 100 },
  /** Steps of the longest circle that is looked for. */
  loopSteps: 4,
  /** Of a call's arguments, where a circle is spoken of. */
  loopCallBytes: 200,
  /** Tool calls taken from one response. */
  callsPerResponse: 512,
  /** Of these, run beside each other. */
  callsAtOnce: 16,

  /** One JSONL line on stdout, newline included. */
  eventLineBytes: 256 * 1024,
  /** Output kept in an event of a command; the rest is in the spool file. */
  eventOutputBytes: 64 * 1024,

  /** Output of one command kept in memory: start and end. */
  captureHeadBytes: 256 * 1024,
  captureTailBytes: 768 * 1024,
  /** Whole output of one command written to its spool file. */
  spoolBytes: 64 * 1024 * 1024,
  /** Output after which a command is killed. */
  outputBytesMax: 1024 * 1024 * 1024,
  /** Live output sent on as deltas, per command. */
  deltaBytesMax: 1024 * 1024,

  /** Tokens of one tool output that reach the model unless configured. */
  toolOutputTokens: 10_000,
  /** What the record may add to the tool's own limit. */
  recordSlack: 1.2,

  /** Checks of one turn with --until, unless told otherwise. */
  checkRounds: 5,
  /** Checks in a row that say the same with no file changed: another one would as well. */
  checkRoundsSame: 3,
  /** Files and folders looked at to see whether one has changed. */
  checkTreeEntries: 20_000,
  /** Of the end of a check's output, in the last line. */
  checkTailBytes: 4 * 1024,

  commandTimeoutMs: 120_000,
  commandTimeoutMaxMs: 3_600_000,
  /** Between SIGTERM and SIGKILL to a command's group. */
  killGraceMs: 2_000,
  /** For pipes held open by grandchildren after the command ended. */
  pipeGraceMs: 150,

  /** Commands that live on after their call: of a thread, and from where the model is told. */
  liveCommands: 64,
  liveCommandsTold: 60,
  /** Their longest life. */
  liveCommandMs: 24 * 3_600_000,
  /** Between two looks at what commands that live on have planted. */
  putBackMs: 2_000,
  /** Threads of commands beyond which nobody asks whether all of them sleep. */
  stillThreads: 512,
  /** Output of one that has not been read yet: its start and its end. */
  liveHeadBytes: 512 * 1024,
  liveTailBytes: 512 * 1024,
  /** How long a call may wait for one: at least, unless told, and at most. */
  yieldMs: { min: 250, start: 10_000, input: 250, max: 30_000 },
  /** The same where nothing is typed. */
  pollMs: { min: 5_000, max: 300_000 },
  /** For the answer to what was typed, before it is read. */
  typedMs: 100,

  requestRetries: 4,
  streamRetries: 5,
  retriesMax: 100,
  retryBaseMs: 200,
  /** The longest wait a server may ask for before we give up, unless configured. */
  retryAfterMaxMs: 60_000,
  /** What asks for more asks for as much: ten years. */
  askedWaitMs: 10 * 365 * 24 * 3_600_000,
  /** All waiting of one request together, before the provider is given up. */
  retryTotalMs: 30_000,
  /** Without an event that means something, however much comes. */
  streamIdleMs: 300_000,
  /** Of an event that is still coming: less does not count as going on. */
  streamTrickleBytes: 1_024,
  connectTimeoutMs: 30_000,
  /** Looked at in a folder of SSL_CERT_DIR. */
  certificateFiles: 1_000,
  /** One SSE message. */
  sseMessageBytes: 64 * 1024 * 1024,
  /** Shown of a stream in which nothing could be understood. */
  answerStartBytes: 200,
  /** For the end of a stream after its last event, so that the connection can be used again. */
  drainMs: 100,
  /** Wait for more of an answer that is whole already: its usage, its end. */
  lastWordMs: 3_000,
  /** Of a thread's input that is kept as bytes; a longer one is a string. */
  inputBufferBytes: 1024 * 1024,
  /** Of an error body that is read and shown. */
  errorBodyBytes: 64 * 1024,
  errorTextBytes: 2_048,
  /** Of a header, code or reason of the server shown in an error. */
  errorWordBytes: 300,

  /** Below this many tokens providers cache nothing, and from there on in such blocks. */
  cacheTokensMin: 1_024,
  cacheBlockTokens: 128,
  /** By how much the shared part may be over-estimated before a miss is spoken of. */
  cacheSlack: 0.1,
  /** Idle time after which a provider is expected to have forgotten a prefix. */
  cacheKeepMs: 300_000,

  projectDocBytes: 32 * 1024,
  globalDocBytes: 256 * 1024,
  promptBytes: 8 * 1024 * 1024,
  stdinBytes: 8 * 1024 * 1024,
  /** How long an open but silent stdin is given when there is a prompt argument. */
  stdinIdleMs: 250,
  /** How long stdin may pause once it has begun; then what came is all there is. */
  stdinGapMs: 10_000,
  /** How long it may take in all, however steadily it comes. */
  stdinWholeMs: 120_000,

  /** Characters of one piece of a text: escaped as JSON they fit `eventLineBytes`. */
  deltaCharacters: 32 * 1024,
  /** Events that wait for a reader of a thread before the turn waits for it. */
  eventsWaiting: 256,
  /** Output queued for a slow reader of exec before the thread is no longer followed. */
  outputPendingBytes: 4 * 1024 * 1024,
  /** A reader that takes no byte for so long has gone: the last lines are given up. */
  outputFlushMs: 120_000,
  /** The same after a signal or a timeout. */
  outputFlushStoppedMs: 1_000,
  /** One line of `exec --input jsonl`. */
  inputLineBytes: 8 * 1024 * 1024,
  /** Lines in a row that say nothing to us: it is no program of ours that writes them. */
  inputBadLines: 1_000,
  /** One line of a client of the app server: it may hold a message's pictures. */
  appServerLineBytes: 64 * 1024 * 1024,
  /** Requests of one client that are worked on at once; the next one is read afterwards. */
  appServerRequests: 32,
  /** Clients of one socket, threads that are open for them, and commands of each client. */
  appServerClients: 64,
  appServerThreads: 64,
  appServerCommands: 16,
  /** Of a list that a client asks for without saying how much it wants, and at most. */
  appServerPage: { usual: 25, max: 1_000 },
  /** How long an editor has to give or take a file. */
  editorAnswerMs: 10_000,
  /** Prompts of one session that are worked on or wait. */
  acpPrompts: 32,
  /** How long a question waits for the person behind a client. */
  appServerAnswerMs: 24 * 3_600_000,
  /** A file that a client reads or writes whole. */
  appServerFileBytes: 32 * 1024 * 1024,
  /** How long a program has to answer a question. */
  approvalMs: 300_000,
  approvalAnswerBytes: 64 * 1024,
  /** Denied actions named in the last line of a turn. */
  deniedListed: 20,
  /** Between asking a thread to end and going without it. */
  threadCloseMs: 10_000,
  /** For a thread that was about to open when the run was stopped. */
  lateThreadMs: 1_000,

  imageBytes: 20 * 1024 * 1024,
  imagesPerMessage: 50,
  /** Pixels of a picture that is decoded: some 400 MB at once. */
  imagePixels: 36_000_000,
  /** What a provider takes unless its table says otherwise: the longer side of a picture, above which OpenAI's and Anthropic's make it smaller themselves; its bytes at Bedrock, and those of Anthropic's 5 MB of base64; pictures of a request at Anthropic; bytes of a request at Gemini. */
  imageSide: 2_048,
  imageSentBytes: 3_750_000,
  requestImages: 100,
  requestBytes: 20_000_000,

  patchBytes: 8 * 1024 * 1024,
  patchFileBytes: 64 * 1024 * 1024,
  patchFiles: 1_000,
  /** Old and new contents of one patch that are kept in memory. */
  patchTotalBytes: 256 * 1024 * 1024,
  /** What the process that writes an approved part is sent: contents and their names. */
  patchPlannedBytes: 272 * 1024 * 1024,
  /** Files of a patch that a question shows, one a line. */
  patchTargetsShown: 100,
  /** Unified diff of one file, and of a whole patch, as shown to people. */
  patchDiffBytes: 64 * 1024,
  patchDetailBytes: 256 * 1024,
  /** Differing lines up to which a diff is minimal; above, blocks are replaced whole. */
  patchDiffEdits: 1_000,

  /** A file that is read whole, unless its kind has a limit of its own. */
  wholeFileBytes: 256 * 1024 * 1024,
  /** Read or written on a local disk until the event loop gets a turn. */
  diskAtOnceBytes: 1024 * 1024,
  /** A pipe that was named instead of a file: until somebody opens it, and all of it. */
  pipeOpenMs: 1_000,
  pipeMs: 10_000,
  configBytes: 1024 * 1024,
  /** A PEM file; a system's bundle of all authorities has some 250 KB. */
  certificateBytes: 8 * 1024 * 1024,
  /** One file of policy rules, and one file of policy test cases. */
  rulesFileBytes: 1024 * 1024,
  /** What the Starlark of one rules file may take; 49 calls are also Codex's limit. */
  starlark: {
    steps: 1_000_000,
    /** Brackets, blocks and branches inside one another. */
    nesting: 100,
    /** Operators inside one another: a chain of `a + b + …` counts each. */
    depth: 1_000,
    calls: 49,
    /** Characters of a string, items of a list. */
    valueSize: 1_000_000,
    intBits: 1_024,
    /** Rules that one file may make. */
    rules: 10_000,
  },
  outputSchemaBytes: 1024 * 1024,
  authCommandMs: 5_000,
  /** Age at which a token from a command is asked for again. */
  authRefreshMs: 300_000,
  /** Output of the command that gives a token. */
  authOutputBytes: 64 * 1024,
  /** The `.git` file of a worktree. */
  gitPointerBytes: 4_096,

  /** Share of the raw window that may be used at all, and where compaction starts. */
  windowShare: 0.95,
  /** Billions of parameters up to which a model gets the instructions for small ones. */
  smallModelBillions: 40,
  compactShare: 0.9,
  /** One tool output may take this share of the window, and this one when configured. */
  toolOutputShare: 0.1,
  toolOutputShareMax: 0.25,
  /** One message of the person may take this share. */
  promptShare: 0.5,
  /** Recent user messages kept by a local compaction, in tokens. */
  compactKeepUserTokens: 20_000,

  /** What one inline image counts in an estimate, whatever its base64 weighs. */
  imageEstimateBytes: 7_373,
  /** Tokens of an image sent at full size: one per patch of 32 pixels square, at most. */
  imagePatchTokens: 10_000,
  /** A user message kept whole over a compaction may take this share of the window. */
  compactRequestShare: 0.25,
  /** What is kept of user messages, and of the hand-over, may take these shares. */
  compactKeepShare: 0.2,
  handoverShare: 0.1,
  handoverTokens: 8_000,
  handoverRequestBytes: 32 * 1024,
  handoverCommands: 20,
  handoverCommandBytes: 300,
  handoverFiles: 200,
  handoverPlanSteps: 100,
  /** The history must have grown by so much before it is compacted again. */
  compactAgainShare: 1.1,
  /** Share of the history that goes when a compaction request itself is too long. */
  overflowDropShare: 0.1,

  /** Folders deep and folders in all that are searched for skills, per root. */
  skillDepth: 6,
  skillFolders: 2_000,
  /** Of a SKILL.md that is read for its frontmatter, and of an openai.yaml. */
  skillHeadBytes: 64 * 1024,
  /** Of that, what is read as YAML; a longer frontmatter is read line by line. */
  skillYamlChars: 3 * 1024,
  skillNameChars: 64,
  skillDescriptionChars: 1_024,
  /** The list of skills: share of the model's window, or bytes when that is unknown. */
  skillListShare: 0.02,
  skillListBytes: 8_000,
  /** A SKILL.md that reaches the model because it was mentioned. */
  skillBodyBytes: 32 * 1024,
  /** Files that failed to load which are named one by one in a warning. */
  skillProblemsShown: 20,
  approvedPrefixesShown: 100,
  /** Paths taken from one activity when looking for nested AGENTS.md files. */
  touchedPaths: 64,

  /** Room a summary needs at the end of the window, and the request for it. */
  summaryTokens: 2_000,
  compactAskTokens: 500,
  /** Requests for a summary before an empty one is taken for the answer. */
  summaryAttempts: 2,
  /** Compactions in one step, each after the server called the prompt too long. */
  overflowRounds: 3,
  /** A smaller window in the words of a server is some other number. */
  windowTokensMin: 1_024,

  /** What `sessions prune` leaves unless told otherwise. */
  sessionKeepMs: 90 * 24 * 3_600_000,
  sessionLineBytes: 64 * 1024 * 1024,
  /** From there on an opaque string of an item lies beside the session files, once. */
  blobBytes: 64 * 1024,
  /** A session file's size, payloads included, at which the person is told, and again at each doubling. */
  sessionWarnBytes: 256 * 1024 * 1024,
  /** Read at a time when a session file is opened. */
  sessionChunkBytes: 1024 * 1024,
  /** A shorter session file is read as fast as the index of it would be. */
  sessionIndexBytes: 64 * 1024,
  /** Of a session file that is read to list it: its start, at most, and its end. */
  sessionHeadBytes: 512 * 1024,
  sessionTailBytes: 32 * 1024,
  sessionsListed: 20,
  /** A writer of another machine or container counts as alive this long after its last write. */
  lockForeignMs: 120_000,
  /** A lock whose writer has not yet put its name into it counts as held this long. */
  lockBlankMs: 5_000,
  lockAttempts: 20,
  lockRetryMs: 10,
  sessionNameChars: 200,
  /** Of one item, when a session is shown; an export has all of it. */
  sessionShowBytes: 4 * 1024,
  /** Of one message that is searchable. */
  searchTextBytes: 64 * 1024,
  searchHits: 20,
  /** A file larger than this is not kept for undo. */
  checkpointFileBytes: 16 * 1024 * 1024,
  /** All that is kept for undo, of all threads; the oldest goes first. */
  checkpointBytes: 512 * 1024 * 1024,
  /** An isolated copy of a work tree: its files and bytes, and one answer of git about it. */
  stageFiles: 200_000,
  stageBytes: 16 * 1024 ** 3,
  stageListBytes: 64 * 1024 * 1024,
  stageGitMs: 600_000,
  /** For a patch to be written: one that is cut off here is half there. */
  stageWriteMs: 600_000,
  /** Of its patch: contents before and after, all together; one of them. */
  stagePatchBytes: 128 * 1024 * 1024,
  stagePatchFileBytes: 32 * 1024 * 1024,
  /** Files that went times files that came, up to which each is compared with each. */
  stageRenamePairs: 2_500,
  /** Times that a worktree is added while other processes add or remove theirs, and a wait between. */
  stageAddTries: 10,
  stageAddMs: 200,
  /** A stage of another machine or container counts as in use this long. */
  stageForeignMs: 7 * 24 * 3_600_000,
  /** Of what a stage leaves out, or a patch meets, named one by one. */
  stageNamed: 20,
  /** Files and folders of one writable folder that are kept for undo of commands. */
  checkpointEntries: 50_000,
  /** Bytes of their contents. */
  checkpointTreeBytes: 256 * 1024 * 1024,
  checkpointDepth: 64,
  /** For looking at one writable folder; files not read by then are not kept. */
  checkpointMs: 10_000,
  /** Entries up to which the folder is looked at around every command, not only every turn. */
  checkpointCloseEntries: 2_000,
  /** Contents that lie in one object. */
  checkpointPackBytes: 8 * 1024 * 1024,
  /** Looking goes on that long before others have their turn. */
  checkpointSliceMs: 8,
  /** Tries to read a file that changes meanwhile. */
  checkpointTries: 3,
  /** Of a command, where undo tells what changed a file. */
  checkpointWhatChars: 60,
  /** Places without undo that are noted of one turn. */
  checkpointLeft: 100,
  /** Between SIGTERM and SIGKILL when the person wants it to end now. */
  interruptGraceMs: 100,
  /** After an interrupt, past `killGraceMs`: a call that has not ended is given up. */
  abortSlackMs: 1_000,

  /** Looked at while a deny_read glob is expanded, per launch; and found by it. */
  denyReadEntries: 100_000,
  denyReadMatches: 500,
  /** Remembered of what can execute code beside a workspace, to restore it. */
  guardFiles: 2_000,
  guardFileBytes: 1024 * 1024,
  /** Folders of writable roots that are searched for protected names, shallow ones first. */
  protectedFolders: 10_000,
  /** Of what is found deeper in roots: held by mounts, whose cost grows with the square. */
  protectedMounts: 32,
  /** And by a look before and after each command; what is beyond is named as unprotected. */
  protectedDeep: 256,
  /** Folders in one another that a command closed and that are opened again. */
  reopenRounds: 8,
  /** An index that is larger is not looked through: it counts as harmful. */
  gitIndexBytes: 256 * 1024 * 1024,
  /** Folders of a repository, but for its objects, that are searched for links. */
  gitFolders: 4_000,
  /** Folders searched for submodules below .git/modules. */
  gitModules: 200,
  /** Worktrees of a repository; with more of them none can be made. */
  gitWorktrees: 32,
  /** One attempt of the sandbox to prove itself. */
  probeMs: 5_000,
  /** From what is said of the sandbox by memory to its proof: the first request goes out first. */
  proofDelayMs: 50,
  /** Networks of commands with different rights that are held without a command in them. */
  sharedNetworks: 8,
  /** Restored paths that are named to the model. */
  notedPaths: 5,
  /** Rounds of ending what a command left behind; each needs a new generation. */
  reapRounds: 200,
  /** A dead child that the runtime has not collected by then is an orphan's. */
  orphanDeadMs: 2_000,

  /** One question to git, and what is kept of its answer. */
  gitMs: 30_000,
  /** For the person's login to say its variables, and what it may print. */
  loginMs: 5_000,
  loginBytes: 1024 * 1024,
  diffBytes: 4 * 1024 * 1024,
  diffUntrackedFiles: 200,
  /** The person's input of earlier conversations, unless configured. */
  historyBytes: 1024 * 1024,
  /** Messages shown again when a conversation is resumed. */
  pastMessages: 20,

  /** A hook's time unless configured; and at the end of a session, when others wait. */
  hookMs: 600_000,
  hookEndMs: 3_000,
  /** Output of a hook, each stream; and what of it reaches the model. */
  hookOutputBytes: 256 * 1024,
  hookContextBytes: 32 * 1024,
  /** Times that Stop hooks may send the model on in one turn. */
  hookStopsMax: 25,

  /** For the address of a provider to answer, when it is only looked at. */
  reachMs: 5_000,
  /** A probe of a provider: its requests and its time in all, and of one of them. */
  probeRequests: 24,
  probeWholeMs: 300_000,
  probeRequestMs: 90_000,
  /** The longest wait that a server may ask for meanwhile. */
  probeWaitMs: 5_000,
  /** Of one answer, reasoning included. */
  probeOutputTokens: 512,
  /** More than any model writes. */
  probeHugeOutputTokens: 100_000_000,
  /** The largest prompt that is sent to see how it is refused. */
  probePromptTokens: 40_000,
  /** Of an answer as it came, and of a server's words in the table. */
  probeRawChars: 64 * 1024,
  probeDetailBytes: 200,

  /** Base64 that is handed to a terminal for its clipboard; many take no more. */
  clipboardBytes: 100_000,
  /** A longer message of a person is not remembered for later recall. */
  historyEntryBytes: 64 * 1024,
  /** Files and folders looked at to complete a name, and candidates offered at once. */
  completionEntries: 5_000,
  completionsShown: 8,
  /** After which a lone ESC is a key and not the start of a sequence. */
  escapeMs: 60,
  /** Between two drawings of the live lines while an answer streams. */
  frameMs: 66,
  /** Output queued for a slow terminal before drawing waits for it. */
  screenPendingBytes: 64 * 1024,
  /** A second Ctrl-C within this time leaves. */
  twiceMs: 2_000,
  /** Input this soon after a question was shown was not meant for it. */
  answerArmMs: 400,
  /** For the program that fills the clipboard. */
  clipboardMs: 2_000,

  /** Tasks of one batch file, and tasks that run at a time unless told otherwise. */
  batchTasks: 100_000,
  batchJobs: 2,
  batchJobsMax: 256,
  /** Further attempts where exit codes are named, and the waits before them. */
  batchRetries: 2,
  batchRetryMs: 1_000,
  batchRetryMaxMs: 60_000,
  /** For a signal to come that has already ended what we had started. */
  batchSignalMs: 250,
  /** For a run that was told to end, before it is killed. */
  batchGraceMs: 10_000,
  /** For what an earlier, killed batch left behind to be gone. */
  batchOrphanMs: 10_000,
  /** Of one task: copied in, and copied out. */
  batchFiles: 10_000,
  batchFileBytes: 256 * 1024 * 1024,
  /** For a place among the requests of a batch: the longest sleep, and between two tries. */
  gateLookMs: 1_000,
  gateRetryMs: 20,

  // MCP servers: what they may send, how long they may take.
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
  /** Words and folders of a project's settings in which scripts are looked for. */
  trustWords: 2_000,
  trustFolders: 50,
  /** One such script. */
  trustProgramBytes: 64 * 1024 * 1024,
  /** Up to where it is read for what it loads, and how many files may be found so. */
  trustTextBytes: 512 * 1024,
  trustPrograms: 1_000,
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

  /** Telemetry: spans and log records that wait, and how many are sent at once. */
  telemetryQueue: 2_048,
  telemetryBatch: 512,
  /** How long they and the metrics wait for more, unless configured. */
  telemetrySpanMs: 5_000,
  telemetryRecordMs: 1_000,
  telemetryMetricsMs: 60_000,
  /** One delivery with all its attempts, unless configured, and how many these are. */
  telemetryTimeoutMs: 10_000,
  telemetryAttempts: 5,
  /** The first pause between two of them; each further one doubles. */
  telemetryPauseMs: 1_000,
  /** How much later a run may end because of what is still to be delivered. */
  telemetryCloseMs: 2_000,
  /** Of a collector's answer. */
  telemetryAnswerBytes: 64 * 1024,
  /** Characters of one attribute; prompts and outputs, where they are asked for, are long. */
  telemetryValueChars: 32_768,
});
