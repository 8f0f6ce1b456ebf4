/** The commands around sandbox, policy and MCP. Data. */
import type { CommandName } from "../../contract/command_line.ts";
import { type CommandTable, optional, required } from "./commands.ts";
import type { FlagName } from "./flags.ts";

/** What every command that reads the configuration takes. */
export const CONFIG_FLAGS: readonly FlagName[] = [
  "config",
  "profile",
  "enable",
  "disable",
  "strictConfig",
  "ignoreUserConfig",
  "trust",
  "cd",
];
const POLICY: readonly FlagName[] = [
  ...CONFIG_FLAGS,
  "sandbox",
  "askForApproval",
  "addDir",
  "rules",
  "ignoreRules",
  "json",
];

const SERVER = required("NAME", "Name of the server");

export const SAFETY_COMMANDS: CommandTable<
  "apply-patch" | "sandbox" | Extract<CommandName, `policy ${string}`>
> = {
  "apply-patch": {
    summary: "Apply a patch from stdin to the current directory",
    args: [],
    flags: [],
    examples: ["rondo apply-patch < change.patch"],
  },
  sandbox: {
    summary: "Run a command as the agent's shell tool would",
    args: [
      required("COMMAND", "The command and its arguments, after --", {
        count: "rest",
      }),
    ],
    flags: [...CONFIG_FLAGS, "sandbox", "addDir", "backend"],
    examples: ["rondo sandbox -s read-only -- make test"],
  },
  "policy explain": {
    summary: "Say what would happen to a command, and by which rule",
    args: [required("COMMAND", "The command, after --", { count: "rest" })],
    flags: POLICY,
    examples: ["rondo policy explain -- 'npm test | tee log'"],
  },
  "policy test": {
    summary: "Check the policy against a file of cases",
    args: [required("FILE", "Cases as JSON lines", { completes: "file" })],
    flags: POLICY,
    examples: ["rondo policy test cases.jsonl"],
  },
  "policy lint": {
    summary: "List what could ask a person, and rules that cannot match",
    args: [],
    flags: [...POLICY, "headless"],
    examples: ["rondo policy lint --headless"],
  },
  "policy rules": {
    summary: "List saved rules, or revoke one",
    args: [],
    flags: [...POLICY, "revoke"],
    examples: ["rondo policy rules", "rondo policy rules --revoke 2"],
  },
};

export const MCP_COMMANDS: CommandTable<
  Extract<CommandName, `mcp ${string}`> | "mcp-server"
> = {
  "mcp list": {
    summary: "List configured MCP servers",
    args: [],
    flags: [...CONFIG_FLAGS, "json"],
    examples: ["rondo mcp list"],
  },
  "mcp get": {
    summary: "Show one MCP server",
    args: [SERVER],
    flags: [...CONFIG_FLAGS, "json"],
    examples: ["rondo mcp get docs"],
  },
  "mcp add": {
    summary: "Add an MCP server: a command after --, or --url",
    args: [
      SERVER,
      optional("COMMAND", "The command and its arguments, after --", {
        count: "rest",
      }),
    ],
    flags: ["url", "env", "header", "bearerTokenEnvVar"],
    examples: [
      "rondo mcp add files -- npx -y @modelcontextprotocol/server-filesystem .",
      "rondo mcp add docs --url https://example.com/mcp",
    ],
  },
  "mcp remove": {
    summary: "Remove an MCP server",
    args: [SERVER],
    flags: [],
    examples: ["rondo mcp remove docs"],
  },
  "mcp login": {
    summary: "Log in to an MCP server",
    args: [SERVER],
    flags: CONFIG_FLAGS,
    examples: ["rondo mcp login docs"],
  },
  "mcp logout": {
    summary: "Forget the login of an MCP server",
    args: [SERVER],
    flags: CONFIG_FLAGS,
    examples: ["rondo mcp logout docs"],
  },
  "mcp test": {
    summary: "Connect to an MCP server and list what it offers",
    args: [SERVER],
    flags: [...CONFIG_FLAGS, "json"],
    examples: ["rondo mcp test docs"],
  },
  "mcp-server": {
    summary: "Be an MCP server on stdin and stdout",
    args: [],
    flags: [
      ...CONFIG_FLAGS,
      "model",
      "sandbox",
      "askForApproval",
      "addDir",
      "oss",
      "localProvider",
    ],
    examples: ["rondo mcp-server"],
  },
};
