/** Data. For each command a scene in which it works, for each flag one in which it matters. */
import type { CommandName } from "../../core/contract/commands.ts";
import type { FlagName } from "../../core/contract/flags.ts";
import type { Scene } from "../support/flag_effects.ts";

/** Laid over the scene of the command. `base` stands in both runs, `add` only in one. */
export interface FlagRow extends Partial<Scene> {
  readonly base?: string;
  readonly add?: string;
  /** The flag is read, and refused with these words. */
  readonly refused?: string;
}

const TALK = "exec --skip-git-repo-check first";
const TWO_TURNS = [TALK, "exec resume --last --skip-git-repo-check second"];
const CHANGED = ["exec --yolo go"];

const SERVERS = `[mcp_servers.tiny]
command = "false"
[mcp_servers.far]
url = "http://127.0.0.1:9/mcp"`;

const LOGIN = [
  "e2e/mcp_test.ts",
  "mcp add logs in at once where it is told how, back to any port of the configured page",
] as const;
const CALL = [
  ["initialize", {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "t", version: "1" },
  }],
  ["tools/call", { name: "codex", arguments: { prompt: "go" } }],
].map(([method, params], id) =>
  `${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`
).join("");

const APP_TURN = [
  ["initialize", { clientInfo: { name: "t", version: "1" } }],
  ["thread/resume", { threadId: "SESSION" }],
  ["turn/start", {
    threadId: "SESSION",
    input: [{ type: "text", text: "go" }],
  }],
].map(([method, params], id) => `${JSON.stringify({ id, method, params })}\n`)
  .join("");

const ACP_TURN = [
  ["initialize", { protocolVersion: 1 }],
  ["session/load", { sessionId: "SESSION", cwd: "WORK", mcpServers: [] }],
  ["session/prompt", {
    sessionId: "SESSION",
    prompt: [{ type: "text", text: "go" }],
  }],
].map(([method, params], id) =>
  `${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`
).join("");

const OSS = { CODEX_OSS_BASE_URL: "URL" };
const MADE = "--- /dev/null\n+++ b/made\n@@ -0,0 +1 @@\n+made\n";
const RULE = 'prefix_rule(pattern=["touch"], decision="allow")\n';
const RULES = { "../home/.codex/rules/default.rules": RULE };
const PROJECT_RULES = {
  ".codex/rules/default.rules":
    'prefix_rule(pattern=["touch"], decision="prompt")\n',
};
const FULL = 'sandbox_mode = "danger-full-access"';
const SERVER_FILE = {
  ".mcp.json": '{"mcpServers": {"own": {"command": "true"}}}',
};
const OWN_SERVER = `[profiles.fast.mcp_servers.tiny]\ncommand = "other"`;

const TASKS = { "tasks.jsonl": '{"prompt": "hi"}\n' };
const BATCH = { before: ["batch tasks.jsonl"], files: TASKS };

/** How each command is run; one that needs nothing has no flags. */
export const SCENES: Readonly<Record<CommandName, Scene>> = {
  "repl": { words: "FLAGS", stdin: "hi\n" },
  "exec": { words: "exec FLAGS hi" },
  "exec resume": { words: "exec resume FLAGS ID more", before: [TALK] },
  "exec fork": { words: "exec fork FLAGS ID more", before: [TALK] },
  "exec review": { words: "exec review FLAGS", files: { "new.txt": "new" } },
  "review": { words: "review FLAGS", files: { "new.txt": "new" } },
  "batch": { words: "batch FLAGS tasks.jsonl", files: TASKS },
  "batch emit": { words: "batch emit slurm FLAGS tasks.jsonl", files: TASKS },
  "batch status": { ...BATCH, words: "batch status FLAGS tasks.batch" },
  "batch merge": { ...BATCH, words: "batch merge FLAGS tasks.batch" },
  "batch report": { ...BATCH, words: "batch report FLAGS tasks.batch" },
  "resume": { words: "resume FLAGS ID", before: [TALK], stdin: "hi\n" },
  "fork": { words: "fork FLAGS ID", before: [TALK], stdin: "hi\n" },
  "rollback": { words: "rollback FLAGS 1", before: TWO_TURNS },
  "undo": { words: "undo FLAGS 1", before: CHANGED, script: "patch" },
  "apply": {
    words: "apply FLAGS WORK/p.patch",
    files: { "p.patch": MADE },
  },
  "sessions list": { words: "sessions list FLAGS", before: TWO_TURNS },
  "sessions show": { words: "sessions show FLAGS ID", before: TWO_TURNS },
  "sessions search": { words: "sessions search FLAGS first", before: [TALK] },
  "sessions rename": { words: "sessions rename ID name", before: [TALK] },
  "sessions archive": { words: "sessions archive ID", before: [TALK] },
  "sessions unarchive": {
    words: "sessions unarchive ID",
    before: [TALK, "sessions archive ID"],
  },
  "sessions delete": { words: "sessions delete FLAGS ID", before: [TALK] },
  "sessions export": { words: "sessions export FLAGS ID", before: TWO_TURNS },
  "sessions verify": { words: "sessions verify FLAGS ID", before: [TALK] },
  "sessions repair": { words: "sessions repair FLAGS ID", before: [TALK] },
  "sessions prune": { words: "sessions prune FLAGS", before: [TALK] },
  "sessions cache": { words: "sessions cache FLAGS ID", before: [TALK] },
  "apply-patch": { words: "apply-patch" },
  "sandbox": {
    words: "sandbox FLAGS -- sh -c >made;pwd;>../extra/y;env|grep$IFS^SET",
  },
  "policy explain": { words: "policy explain FLAGS -- touch /opt/x" },
  "policy test": {
    words: "policy test FLAGS WORK/cases.jsonl",
    files: {
      "cases.jsonl": '{"command": "touch x", "expect": "run-sandboxed"}\n',
    },
  },
  "policy lint": { words: "policy lint FLAGS" },
  "policy rules": { words: "policy rules FLAGS" },
  "mcp list": { words: "mcp list FLAGS", config: SERVERS },
  "mcp get": { words: "mcp get FLAGS tiny", config: SERVERS },
  "mcp add": { words: "mcp add FLAGS new" },
  "mcp remove": { words: "mcp remove tiny" },
  "mcp login": { words: "mcp login FLAGS far", config: SERVERS },
  "mcp logout": { words: "mcp logout FLAGS far", config: SERVERS },
  "mcp test": { words: "mcp test FLAGS tiny", config: SERVERS },
  "mcp-server": { words: "mcp-server FLAGS", stdin: CALL, until: '"id":1' },
  "app-server": {
    words: "app-server FLAGS",
    before: [TALK],
    stdin: APP_TURN,
    until: '"turn/completed"',
  },
  "acp": {
    words: "acp FLAGS",
    before: [TALK],
    stdin: ACP_TURN,
    until: '"id":2',
  },
  "doctor provider": { words: "doctor provider FLAGS" },
  "doctor": { words: "doctor FLAGS" },
  "trust": { words: "trust FLAGS" },
  "login": { words: "login FLAGS", stdin: "sk-test-1234567890\n" },
  "login status": { words: "login status FLAGS" },
  "logout": { words: "logout FLAGS" },
  "config explain": { words: "config explain FLAGS" },
  "debug prompt": { words: "debug prompt FLAGS hi" },
  "features list": { words: "features list FLAGS" },
  "schema": { words: "schema events" },
  "completion": { words: "completion bash" },
  "completion words": { words: "completion words profiles" },
  "man": { words: "man" },
};

const NO_RETRY = "-c model_providers.mock.request_max_retries=0";

/** What is given for a flag, whatever the command. */
export const FLAG_ROWS: Readonly<Partial<Record<FlagName, FlagRow>>> = {
  model: { add: "--model other" },
  sandbox: { add: "--sandbox danger-full-access" },
  askForApproval: { add: "--ask-for-approval untrusted" },
  bypass: {},
  fullAuto: {},
  cd: {
    add: "--cd sub",
    files: { "sub/.codex/config.toml": 'model = "sub"\n' },
  },
  addDir: {
    base: "-s workspace-write",
    add: "--add-dir ROOT/extra",
    files: { "../extra/x": "" },
  },
  image: {
    add: "--image WORK/dot.gif",
    files: {
      "dot.gif":
        "GIF89a\x01\0\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;",
    },
  },
  config: { add: "--config model=other" },
  profile: {
    add: "--profile fast",
    config: '[profiles.fast]\nmodel = "quick"',
  },
  enable: { add: "--enable web_search_request" },
  disable: { add: "--disable shell_tool" },
  strictConfig: { config: "[tui]\nx = 1" },
  oss: { env: OSS },
  localProvider: { add: "--local-provider lmstudio", env: OSS },
  search: {},
  trust: {},
  bypassHookTrust: {
    base: "--trust",
    files: {
      ".codex/hooks.json":
        '{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "echo ran > ../ran"}]}]}}',
    },
  },
  skipGitRepoCheck: { cwd: "../tmp" },
  ephemeral: {},
  ignoreUserConfig: {
    base: "-c openai_base_url=URL",
    env: { OPENAI_API_KEY: "k" },
  },
  ignoreRules: { files: RULES },
  color: { add: "--color always" },
  quiet: {},
  verbose: {},
  maxRequests: { add: "--max-requests 1", base: "--yolo", script: "work" },
  maxTokens: { add: "--max-tokens 1", base: "--yolo", script: "work" },
  maxToolCalls: { add: "--max-tool-calls 1", base: "--yolo", script: "work" },
  maxCost: {
    add: "--max-cost 0.01",
    base: "--yolo",
    script: "work",
    config: '[prices."gpt-5.2-codex"]\ninput = 1000\noutput = 1000',
  },
  raise: {
    add: "--raise requests=5",
    base: "--yolo --max-requests 1",
    script: "work",
  },
  record: { add: "--record ROOT/run.cassette" },
  replay: {
    before: ["exec --record ROOT/run.cassette hi"],
    add: "--replay ROOT/run.cassette",
  },
  replayMode: {
    before: ["exec --yolo --record ROOT/run.cassette hi"],
    base: "--yolo --replay ROOT/run.cassette",
    script: "work",
    add: "--replay-mode model",
  },
  strictCache: {
    words: "exec resume FLAGS --last hi",
    before: ["exec -c model_instructions_file=WORK/one.md hi"],
    base: "-c model_instructions_file=WORK/two.md",
    files: { "one.md": "Be brief.", "two.md": "Be long." },
  },
  noAltScreen: {},
  threadSource: { add: "--thread-source x" },
  cyberAccessProgram: { add: "--cyber-access-program x" },
  approvalTimeoutMs: {
    base: "-a on-request --approvals exec:sleep_5",
    add: "--approval-timeout 1s",
    script: "ask",
  },
  waitForLimits: {
    script: "busy",
    config: "[limits]\nmax_wait = 1",
  },
  json: {},
  events: { base: "--json", add: "--events native" },
  deltas: { base: "--json" },
  input: {
    base: "--json",
    add: "--input jsonl",
    stdin: '{"type":"user","text":"later"}\n',
  },
  approvals: {
    base: "-a on-request",
    add: "--approvals exec:true",
    script: "ask",
  },
  failOnDenied: { base: "-s read-only", script: "ask" },
  until: { base: "--yolo", add: "--until false" },
  maxRounds: { base: "--yolo --until false", add: "--max-rounds 1" },
  untilTimeoutMs: {
    base: "--yolo --until sleep${IFS}2 --max-rounds 1",
    add: "--until-timeout 1s",
  },
  timeoutMs: { base: "--yolo", add: "--timeout 1s", script: "slow" },
  stdin: { lateStdin: "late words" },
  outputLastMessage: { add: "--output-last-message ROOT/last" },
  outputSchema: {
    add: "--output-schema WORK/schema.json",
    files: { "schema.json": '{"type": "string"}' },
  },
  outputFormat: { add: "--output-format json" },
  plan: { script: "work", base: "--yolo" },
  acceptPlan: {
    before: [`${TALK} --plan`],
  },
  stage: { base: "--yolo", script: "patch" },
  check: {},
  reverse: { files: { made: "made\n", "p.patch": MADE } },
  last: {},
  all: { cwd: "sub" },
  at: { add: "--at 1", before: TWO_TURNS },
  // It is what is reviewed anyway.
  uncommitted: { base: "--base main", refused: "exclude each other" },
  base: { add: "--base other" },
  commit: { add: "--commit HEAD" },
  title: { base: "--commit HEAD", add: "--title Fix" },
  full: { before: [...TWO_TURNS, "rollback --yes 1"] },
  limit: { add: "--limit 1" },
  archived: { before: [TALK, "sessions archive ID"] },
  dryRun: {},
  yes: {},
  out: { add: "--out ROOT/other" },
  inPlace: { base: "--yolo --out ROOT/other", script: "patch" },
  branches: { base: "--yolo", script: "patch" },
  retry: { base: NO_RETRY, add: "--retry 5", script: "busy" },
  retries: { base: NO_RETRY, add: "--retries 1", script: "busy" },
  html: { add: "--html ROOT/page.html" },
  shard: { add: "--shard 1/1" },
  shards: {
    add: "--shards 1",
    files: { "tasks.jsonl": TASKS["tasks.jsonl"].repeat(2) },
  },
  containerImage: { add: "--image rondo" },
  rules: {
    add: "--rules WORK/more.rules",
    files: {
      "more.rules": RULE,
    },
  },
  backend: { add: "--backend landlock" },
};

/** Where one command needs another scene. */
export const PAIR_ROWS: Readonly<Record<string, FlagRow>> = {
  ...each("batch", {
    "jobs": { base: "--json", add: "--jobs 3" },
    "skip-git-repo-check": {
      words: "batch FLAGS ROOT/bare/tasks.jsonl",
      base: "--in-place",
      files: { "../bare/tasks.jsonl": TASKS["tasks.jsonl"] },
    },
    "timeout": { base: "--yolo", add: "--timeout 1s", script: "slow" },
  }),
  ...each("batch emit", {
    "jobs": { add: "--jobs 3" },
    "skip-git-repo-check": { cwd: "" },
  }),
  // What is wrong is the answer: no turn begins.
  ...each("app-server", {
    "strict-config": { config: "[tui]\nx = 1", until: '"id":2' },
  }),
  ...each("acp", {
    "with-api-key": { stdin: "sk-test-1234567890\n", until: undefined },
  }),
  ...each("sandbox, policy explain, policy lint, policy test, doctor", {
    config: { add: "--config sandbox_mode=danger-full-access" },
    profile: { config: `[profiles.fast]\n${FULL}` },
    "ignore-user-config": { top: FULL },
  }),
  ...each("mcp list, mcp get, mcp test, mcp login, mcp logout", {
    config: {
      add: "--config mcp_servers.tiny.command=other",
    },
    profile: { config: `${SERVERS}\n${OWN_SERVER}` },
    "ignore-user-config": {},
    trust: { files: SERVER_FILE },
    cd: { files: SERVER_FILE },
  }),
  ...each("mcp login, mcp logout", {
    config: {
      words: "mcp login FLAGS more",
      add: "--config mcp_servers.more.url=http://127.0.0.1:9/mcp",
    },
    profile: {
      words: "mcp login FLAGS more",
      config:
        '[profiles.fast.mcp_servers.more]\nurl = "http://127.0.0.1:9/mcp"',
    },
  }),
  ...each("mcp add", {
    url: { add: "--url http://127.0.0.1:9/mcp" },
    env: { words: "mcp add FLAGS new -- prog", add: "--env A=b" },
    ...Object.fromEntries(
      [
        "--header A=b",
        "--bearer-token-env-var A",
        "--oauth-client-id me",
        "--oauth-resource http://127.0.0.1:9/r",
        "--oauth-client-registration dcr",
      ].map((add) => [
        add.slice(2).split(" ")[0] ?? "",
        { base: "--url http://127.0.0.1:9/mcp", add },
      ]),
    ),
    "oauth-client-secret": {
      base: "--url http://127.0.0.1:9/mcp --oauth-client-id me",
      add: "--oauth-client-secret hush",
    },
  }),
  ...each("policy test", {
    config: { add: "--config approval_policy=untrusted" },
    profile: { config: '[profiles.fast]\napproval_policy = "untrusted"' },
    "ignore-user-config": { top: 'approval_policy = "untrusted"' },
    trust: { files: PROJECT_RULES },
    "ignore-rules": { base: "-a untrusted" },
    rules: { base: "-a untrusted" },
  }),
  "policy lint --ignore-rules": {
    files: {
      "../home/.codex/rules/default.rules":
        PROJECT_RULES[".codex/rules/default.rules"],
    },
  },
  "policy lint --trust": { files: PROJECT_RULES },
  "policy lint --rules": {
    files: { "more.rules": PROJECT_RULES[".codex/rules/default.rules"] },
  },
  ...each("policy rules", {
    config: {
      add: '--config projects={"WORK"={trust_level="trusted"}}',
      files: PROJECT_RULES,
    },
    "ignore-user-config": {
      config: '[projects."WORK"]\ntrust_level = "trusted"',
      files: PROJECT_RULES,
    },
    trust: { files: PROJECT_RULES },
    revoke: { add: "--revoke 1", files: RULES },
  }),
  "login --config": {
    base: "--with-api-key",
    add: "--config cli_auth_credentials_store=keyring",
  },
  ...each("login status", {
    config: { add: "--config model_providers.mock.env_key=OTHER" },
    profile: { config: '[profiles.fast]\nmodel_provider = "ollama"' },
  }),
  ...each("exec resume, resume", {
    last: { words: "exec resume FLAGS more" },
    all: { words: "exec resume FLAGS --last more", cwd: "sub" },
  }),
  ...each("exec fork, fork", {
    last: { words: "exec fork FLAGS more" },
    all: { words: "exec fork FLAGS --last more", cwd: "sub" },
  }),
  ...each("mcp get, mcp test, mcp login, mcp logout", {
    "ignore-user-config": { words: "mcp list FLAGS" },
  }),
  "sandbox --add-dir": {
    base:
      "-s workspace-write -c sandbox_workspace_write.exclude_slash_tmp=true",
  },
  "apply --cd": { add: "--cd ROOT/tmp" },
  "config explain --cd": {
    base: "--trust",
    add: "--cd ROOT/tmp",
    files: { ".codex/config.toml": 'model = "own"\n' },
  },
  ...each("features list", {
    config: { add: "--config features.web_search_request=true" },
    profile: { config: "[profiles.fast.features]\nweb_search_request = true" },
    "ignore-user-config": { config: "[features]\nweb_search_request = true" },
  }),
  ...each("sessions list, sessions search", {
    limit: { before: [TALK, TALK] },
  }),
  "sessions export --format": { add: "--format jsonl" },
  "sessions export --output": { add: "--output ROOT/out" },
  "sessions prune --older-than": {
    before: [TALK, "sandbox -s danger-full-access -- sleep 1.5"],
    base: "--dry-run",
    add: "--older-than 1s",
  },
  "sessions repair --dry-run": { isDamaged: true },
  "rollback --restore": {
    base: "--yes",
    before: CHANGED,
    add: "--restore both",
  },
  "rollback --force": {
    script: "patch",
    base: "--yes --restore both",
    before: [
      ...CHANGED,
      "sandbox -s danger-full-access -- sh -c echo>>made.txt",
    ],
  },
  "undo --restore": { base: "--yes", add: "--restore chat" },
  "undo --force": {
    base: "--yes",
    before: [
      ...CHANGED,
      "sandbox -s danger-full-access -- sh -c echo>>made.txt",
    ],
  },
};

function each(
  commands: string,
  rows: Readonly<Record<string, FlagRow>>,
): Record<string, FlagRow> {
  return Object.fromEntries(
    commands.split(", ").flatMap((command) =>
      Object.entries(rows).map(([flag, row]) => [`${command} --${flag}`, row])
    ),
  );
}

/** Pairs whose effect is time, or a login: where it is seen, as FILE and name of the test. */
export const SEEN_ELSEWHERE: Readonly<
  Record<string, readonly [file: string, test: string]>
> = {
  "--listen": [
    "e2e/app_server_test.ts",
    "app-server serves several clients on a socket that is its owner's alone",
  ],
  "--session-id": [
    "e2e/batch_test.ts",
    "exec takes the id of its new session and refuses one that is there",
  ],
  "--requests": [
    "e2e/batch_test.ts",
    "with --requests 1 no two tasks ask the provider at the same time",
  ],
  "--replay-timing": [
    "core/cassette/cassette_host_test.ts",
    "a replay keeps the recorded pauses when told to",
  ],
  "mcp login --scopes": LOGIN,
  "mcp login --oauth-client-registration": LOGIN,
};

/** Flags that are accepted for others and change nothing: the walk must see that, too. */
export const WITHOUT_EFFECT: readonly FlagName[] = [
  "noAltScreen",
  "threadSource",
  "cyberAccessProgram",
];
