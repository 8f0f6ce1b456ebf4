/** Data. The house: which layer each area lies in, which rooms it has, and their doors. */

/** Layer of each area; the longest matching prefix counts. Imports go down. */
export const LAYERS: Readonly<Record<string, number>> = {
  "main.ts": 6,
  "core/roles.ts": 5,
  "core/app.ts": 5,
  "core/app/": 4.5,
  "core/session/": 4,
  "tools/": 4,
  "core/frontends/": 4,
  "core/policy/": 3,
  "core/context/": 3,
  "core/model/": 3,
  "core/config/": 3,
  "sandbox/": 3,
  "core/cassette/": 2.5,
  "core/host/": 2,
  "core/contract/": 1.5,
  "core/protocol/": 1,
  "core/util/": 0.5,
  "core/std/": 0,
  "prompts/": 0,
};

export interface Room {
  /** Rooms of its own area that it may import from. */
  readonly uses?: readonly string[];
  /** Files that other rooms may import. `all`: a room of words, every file is a door. */
  readonly doors: "all" | readonly string[];
}

/** Every folder of the product. */
export const ROOMS: Readonly<Record<string, Room>> = {
  "core/app/": {
    doors: [
      "agent",
      "cassette",
      "git",
      "hooks",
      "mcp_access",
      "open_thread",
      "output_file",
      "print",
      "prompt_table",
      "runtime",
      "sampling",
    ],
  },
  "core/app/commands/": {
    uses: ["core/app/"],
    doors: [
      "apply_patch",
      "debug_prompt",
      "doctor",
      "exec",
      "export_file",
      "mcp_server",
      "refused",
      "sessions",
      "setup",
      "undo",
    ],
  },
  "core/app/mcp/": { uses: ["core/app/"], doors: ["command"] },
  "core/app/policy/": { uses: ["core/app/"], doors: ["command"] },
  "core/app/repl/": {
    uses: ["core/app/", "core/app/commands/", "core/app/trust/"],
    doors: ["command"],
  },
  "core/app/trust/": {
    uses: ["core/app/"],
    doors: ["command", "questions"],
  },
  "core/cassette/": { doors: ["cassette_host"] },
  "core/config/": {
    uses: [
      "core/config/file/",
      "core/config/managed/",
      "core/config/permissions/",
      "core/config/provider/",
      "core/config/trust/",
    ],
    doors: ["explain", "hooks", "load", "secrets", "settings"],
  },
  "core/config/file/": {
    doors: [
      "edit",
      "fates",
      "files",
      "positions",
      "schema",
      "schema_tables",
      "schema_walk",
      "toml",
      "tree",
    ],
  },
  "core/config/managed/": {
    uses: ["core/config/file/"],
    doors: ["demand", "managed"],
  },
  "core/config/permissions/": {
    uses: ["core/config/file/"],
    doors: ["extends", "permissions"],
  },
  "core/config/provider/": {
    uses: ["core/config/file/", "core/config/trust/"],
    doors: ["auth", "catalog", "login", "model_list", "models", "providers"],
  },
  "core/config/trust/": {
    uses: ["core/config/file/"],
    doors: [
      "check",
      "describe",
      "files",
      "folder",
      "own",
      "programs",
      "source",
      "store",
    ],
  },
  "core/context/": {
    uses: ["core/context/format/", "core/context/skills/"],
    doors: [
      "agents_md_nested",
      "context_source",
      "initial",
      "markers",
      "recall",
      "repair",
      "requests",
    ],
  },
  "core/context/compaction/": {
    uses: ["core/context/", "core/context/format/"],
    doors: ["handover", "overflow", "prompt"],
  },
  "core/context/format/": { doors: ["tags", "text", "tokens"] },
  "core/context/skills/": {
    uses: ["core/context/format/"],
    doors: ["mentions", "render", "skill_file", "skills"],
  },
  "core/contract/": { doors: "all" },
  "core/frontends/cli/": {
    doors: [
      "flag_values",
      "generated",
      "help",
      "meant",
      "parse",
      "unparsed",
    ],
  },
  "core/frontends/conversation/": {
    uses: [
      "core/frontends/editor/",
      "core/frontends/jsonl/",
      "core/frontends/render/",
    ],
    doors: [
      "conversation",
      "services",
      "slash_context",
      "slash_table",
      "trust_question",
      "view",
    ],
  },
  "core/frontends/editor/": {
    uses: ["core/frontends/render/"],
    doors: [
      "complete",
      "complete_files",
      "editor",
      "history_file",
      "key",
      "keyboard",
      "text",
      "view",
    ],
  },
  "core/frontends/exec/": {
    uses: ["core/frontends/jsonl/", "core/frontends/render/"],
    doors: ["early_exit", "exec", "output", "stdin", "stop_signals"],
  },
  "core/frontends/form/": { uses: ["core/frontends/render/"], doors: ["form"] },
  "core/frontends/jsonl/": {
    doors: ["events", "failure", "items", "line_limit", "lines", "outcome"],
  },
  "core/frontends/mcp_server/": { doors: ["schema", "server"] },
  "core/frontends/render/": {
    doors: [
      "activity",
      "approval",
      "diff",
      "event",
      "format",
      "markdown",
      "review",
      "style",
      "wrap",
    ],
  },
  "core/frontends/repl/": {
    uses: [
      "core/frontends/conversation/",
      "core/frontends/editor/",
      "core/frontends/form/",
      "core/frontends/render/",
    ],
    doors: ["line_input", "repl"],
  },
  "core/host/": {
    uses: ["core/host/files/", "core/host/system/"],
    doors: [
      "host",
      "http_client",
      "loopback",
      "process",
      "program_script",
      "proxy",
      "runtime_identity",
      "sqlite",
    ],
  },
  "core/host/files/": {
    uses: ["core/host/system/"],
    doors: ["files", "folders", "no_follow_files", "proc_files"],
  },
  "core/host/system/": {
    doors: ["descriptors", "errno", "libc", "made_program"],
  },
  "core/host/terminal/": {
    uses: ["core/host/system/"],
    doors: ["signals", "terminal"],
  },
  "core/model/": {
    uses: ["core/model/chat/", "core/model/errors/"],
    doors: [
      "attempts",
      "cache_report",
      "client",
      "connect_error",
      "one_shot",
      "request",
      "response_event",
      "transport",
    ],
  },
  "core/model/chat/": { doors: ["body", "calls", "messages"] },
  "core/model/errors/": { doors: ["errors"] },
  "core/policy/": {
    uses: [
      "core/policy/shell/",
      "core/policy/starlark/",
      "core/policy/starlark/syntax/",
      "core/policy/starlark/values/",
    ],
    doors: [
      "approval_key",
      "classify",
      "command_env",
      "decide",
      "grant",
      "managed_rules",
      "propose",
      "rules",
      "rules_parse",
      "writable",
    ],
  },
  "core/policy/starlark/": {
    uses: ["core/policy/starlark/syntax/", "core/policy/starlark/values/"],
    doors: ["evaluate"],
  },
  "core/policy/starlark/syntax/": { doors: ["parse", "syntax", "tokens"] },
  "core/policy/starlark/values/": {
    doors: [
      "arguments",
      "bounds",
      "builtins",
      "methods",
      "operators",
      "values",
    ],
  },
  "core/policy/shell/": { doors: ["quote", "scan", "split"] },
  "core/protocol/": { doors: "all" },
  "core/session/hooks/": { doors: ["hooks", "notify", "run_program"] },
  "core/session/library/": {
    uses: ["core/session/log/", "core/session/undo/"],
    doors: [
      "cache",
      "copy",
      "edit",
      "export",
      "find",
      "list",
      "repair",
      "search",
      "view",
    ],
  },
  "core/session/log/": {
    doors: [
      "blob_store",
      "blob_sweep",
      "blob_text",
      "files",
      "line",
      "lock",
      "log_reader",
      "log_writer",
      "names",
      "payload",
      "restore",
      "restore_items",
      "rollback_plan",
    ],
  },
  "core/session/state/": {
    uses: ["core/session/hooks/", "core/session/log/", "core/session/undo/"],
    doors: [
      "activities",
      "approvals",
      "budget",
      "cache_watch",
      "deps",
      "memory_log",
      "request_prefix",
      "state",
      "thread_context",
      "transcript",
    ],
  },
  "core/session/thread/": {
    uses: [
      "core/session/library/",
      "core/session/log/",
      "core/session/state/",
      "core/session/turn/",
    ],
    doors: ["open"],
  },
  "core/session/turn/": {
    uses: ["core/session/log/", "core/session/state/"],
    doors: [
      "compaction",
      "context",
      "fallback",
      "repair",
      "turn",
      "turn_hooks",
    ],
  },
  "core/session/undo/": { doors: ["checkpoints", "object_store", "plan"] },
  "core/std/": { doors: "all" },
  "core/util/": { doors: "all" },
  "core/util/json/": { uses: ["core/util/text/"], doors: "all" },
  "core/util/program/": { doors: "all" },
  "core/util/text/": { doors: "all" },
  "prompts/": { doors: ["mod"] },
  "sandbox/": {
    uses: [
      "sandbox/backends/",
      "sandbox/plan/",
      "sandbox/probe/",
      "sandbox/run/",
    ],
    doors: ["mod"],
  },
  "sandbox/backends/": {
    uses: ["sandbox/plan/"],
    doors: ["backend", "bwrap", "landlock", "launcher"],
  },
  "sandbox/plan/": {
    doors: [
      "facts",
      "plan",
      "plan_guards",
      "policy_check",
      "protected",
      "readable",
      "shown",
    ],
  },
  "sandbox/probe/": {
    uses: ["sandbox/backends/", "sandbox/plan/"],
    doors: ["candidates", "probe", "proc_status"],
  },
  "sandbox/run/": {
    uses: ["sandbox/backends/", "sandbox/plan/", "sandbox/probe/"],
    doors: ["capture", "capture_parts", "orphans", "run_command", "session"],
  },
  "tools/": {
    uses: ["tools/define/", "tools/live/", "tools/patch/", "tools/shell/"],
    doors: ["mod"],
  },
  "tools/define/": { doors: "all" },
  "tools/gate/": {
    doors: ["gate", "missing", "rule_store"],
  },
  "tools/live/": {
    uses: ["tools/define/", "tools/shell/"],
    doors: ["exec_command", "sessions", "write_stdin"],
  },
  "tools/mcp/": {
    uses: ["tools/define/", "tools/mcp/client/", "tools/shell/"],
    doors: ["names", "project_file", "sampling", "server", "servers"],
  },
  "tools/mcp/client/": {
    doors: [
      "call_timeout",
      "oauth",
      "server_config",
      "session",
      "task",
      "tokens",
      "transport",
      "types",
      "wire",
    ],
  },
  "tools/patch/": {
    uses: ["tools/define/", "tools/shell/"],
    doors: ["apply_patch", "command", "diff", "from_shell"],
  },
  "tools/shell/": {
    uses: ["tools/define/", "tools/gate/"],
    doors: ["hints", "output", "shell"],
  },
};
