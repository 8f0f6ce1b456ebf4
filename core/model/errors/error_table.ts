/** Data. What servers say when they refuse, and what it means. Each row names its source. */
import type { Refused } from "../../protocol/error.ts";
import type { FailureKind } from "../../protocol/event.ts";

export interface ErrorMeaning {
  readonly kind: FailureKind;
  /** Whether the same request may go better later. */
  readonly retryable: boolean;
}

const OVERFLOW: ErrorMeaning = { kind: "context_window", retryable: false };
const SPENT: ErrorMeaning = { kind: "rate_limit", retryable: false };
const BUSY: ErrorMeaning = { kind: "rate_limit", retryable: true };
const BROKEN: ErrorMeaning = { kind: "http", retryable: true };
const KEY: ErrorMeaning = { kind: "auth", retryable: false };
const REFUSED: ErrorMeaning = { kind: "invalid_request", retryable: false };

/** By `code`, else by `type`: numbers as text, upper or lower case alike. */
export const ERROR_CODES: Readonly<Record<string, ErrorMeaning>> = {
  // OpenAI: platform.openai.com/docs/guides/error-codes
  context_length_exceeded: OVERFLOW,
  string_above_max_length: OVERFLOW,
  insufficient_quota: SPENT,
  billing_hard_limit_reached: SPENT,
  billing_not_active: SPENT,
  rate_limit_exceeded: BUSY,
  slow_down: BUSY,
  server_is_overloaded: BROKEN,
  server_error: BROKEN,
  invalid_api_key: KEY,
  invalid_prompt: REFUSED,
  content_policy_violation: REFUSED,
  // ChatGPT back end, as Codex 0.171 reads it
  usage_limit_reached: SPENT,
  usage_not_included: SPENT,
  cyber_policy: REFUSED,
  bio_policy: REFUSED,
  misalignment_policy_violation: REFUSED,
  data_residency_mismatch: REFUSED,
  // Azure OpenAI: learn.microsoft.com/azure/ai-services/openai/how-to/content-filters
  content_filter: REFUSED,
  responsibleaipolicyviolation: REFUSED,
  deploymentnotfound: REFUSED,
  // llama.cpp server: tools/server/README, error types
  exceed_context_size_error: OVERFLOW,
  unavailable_error: BROKEN,
  not_supported_error: REFUSED,
  // Anthropic through gateways: docs.anthropic.com/en/api/errors
  request_too_large: OVERFLOW,
  overloaded_error: BROKEN,
  api_error: BROKEN,
  rate_limit_error: BUSY,
  authentication_error: KEY,
  permission_error: KEY,
  billing_error: SPENT,
  invalid_request_error: REFUSED,
  // LiteLLM: docs.litellm.ai/docs/exception_mapping
  contextwindowexceedederror: OVERFLOW,
  ratelimiterror: BUSY,
  authenticationerror: KEY,
  budgetexceedederror: SPENT,
  serviceunavailableerror: BROKEN,
  internalservererror: BROKEN,
  contentpolicyviolationerror: REFUSED,
  badrequesterror: REFUSED,
  // Google: cloud.google.com/apis/design/errors
  resource_exhausted: BUSY,
  unauthenticated: KEY,
  permission_denied: KEY,
  invalid_argument: REFUSED,
  unavailable: BROKEN,
  internal: BROKEN,
  deadline_exceeded: BROKEN,
  // Amazon Bedrock: docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html
  throttlingexception: BUSY,
  servicequotaexceededexception: SPENT,
  modelnotreadyexception: BROKEN,
  serviceunavailableexception: BROKEN,
  internalserverexception: BROKEN,
  accessdeniedexception: KEY,
  validationexception: REFUSED,
  // Statuses that a stream carries as numbers: vLLM, OpenRouter
  "400": REFUSED,
  "401": KEY,
  "402": SPENT,
  "403": KEY,
  "404": REFUSED,
  "408": BROKEN,
  "413": OVERFLOW,
  "422": REFUSED,
  "429": BUSY,
  "500": BROKEN,
  "502": BROKEN,
  "503": BROKEN,
  "504": BROKEN,
  "529": BROKEN,
};

/** Codes that say no more than the status: the words of the message are looked at first. */
export const VAGUE_CODES: ReadonlySet<string> = new Set([
  "400",
  "413",
  "422",
  "500",
  "api_error",
  "badrequesterror",
  "internalservererror",
  "invalid_argument",
  "invalid_request_error",
  "server_error",
  "validationexception",
]);

// Words are made when a server refuses: forty expressions took a start 0.5 ms.

/** Words that look like an overflow of the window and are a limit per time. */
export function notOverflow(): readonly RegExp[] {
  return [
    // Anthropic, Azure, Bedrock ("Too many tokens, please wait before trying again.")
    /please (wait|try again|retry)|try again (in|later)|per (minute|day|hour)|rate.?limit|\bTPM\b|throttl/i,
  ];
}

/** Words that a server uses when the prompt does not fit its window. */
export function overflowWords(): readonly RegExp[] {
  return [
    // OpenAI, vLLM, LM Studio, OpenRouter, DeepSeek, Groq: "maximum context length is N tokens"
    /(maximum|max) context (length|window)|context[_ ]length[_ ]exceeded/i,
    // llama.cpp: "exceeds the available context size (N tokens)", "the request exceeds the …"
    /exceeds? (the )?(available )?context( size| window| length)?/i,
    // LM Studio: "number of tokens to keep from the initial prompt is greater than the context length"
    /greater than the (model's )?context (length|window)/i,
    // Ollama: "input length exceeds the context length"; others "exceeds maximum context"
    /(input|prompt)( length| tokens?)? (is )?(too long|too large|exceeds?( the)?( (model's|maximum|max|allowed))?( input)? (context|token|length|window|number of tokens))/i,
    // Anthropic: "prompt is too long: N tokens > M maximum", Bedrock: "Input is too long for requested model"
    /(prompt|input) is too long/i,
    // Gemini: "The input token count (N) exceeds the maximum number of tokens allowed (M)"
    /input token count.{0,40}exceeds the maximum/i,
    // Mistral: "Prompt contains N tokens … too large for model with M maximum context length"
    /too large for model with \d+ maximum/i,
    // TGI: "`inputs` tokens + `max_new_tokens` must be <= N"
    /`?inputs`?( tokens)? (\+|plus) `?max_(new_)?tokens`?.{0,40}(must be <=|<=)/i,
    // OpenRouter, Together, xAI: "This endpoint's maximum context length", "maximum prompt length is N"
    /maximum (prompt|input) length/i,
    // vLLM: "The decoder prompt (length N) is longer than the maximum model length of M"
    /longer than the maximum model length/i,
    // Qwen/DashScope: "Range of input length should be [1, N]"
    /range of input length should be/i,
    // LM Studio with the policy "stop at limit"
    /(stop|stopped) at limit|reached context length/i,
    // Cohere, Fireworks: "total number of tokens … exceeds the limit"
    /(total )?(number of )?(input )?tokens?.{0,60}(exceeds?|above|over|more than) (the )?(maximum|limit|model)/i,
  ];
}

/** Where such a refusal names the window: the number in it, in tokens. */
export function windowWords(): readonly RegExp[] {
  return [
    // OpenAI, vLLM, OpenRouter, LM Studio: "maximum context length is N tokens", "… of N"
    /(?:maximum|max)(?:imum)? (?:context|prompt|input|model) (?:length|window|size)(?: is| of|:)? (\d[\d,_]*)/i,
    // llama.cpp: "available context size (N tokens)"; Ollama: "context length (N)"
    /context (?:size|length|window) ?(?:\(|of |is |: ?)(\d[\d,_]*)/i,
    // Anthropic: "N tokens > M maximum"
    /> ?(\d[\d,_]*) maximum/i,
    // Gemini: "exceeds the maximum number of tokens allowed (N)"
    /tokens allowed ?\(?(\d[\d,_]*)/i,
    // Mistral: "too large for model with N maximum context length"
    /with (\d[\d,_]*) maximum context/i,
    // TGI: "must be <= N"
    /must be <= ?(\d[\d,_]*)/i,
  ];
}

/** What of a history a server refuses by these words; the first row names it best. */
export function refusedWords(): readonly {
  readonly refused: Refused;
  readonly words: RegExp;
}[] {
  return [
    // llama.cpp, Ollama, LM Studio, OpenRouter, vLLM: a model or server without eyes
    {
      refused: "pictures",
      words:
        /(not|n't) support (any )?(image|vision|multi-?modal|'?image_url)|images?(_url)?( input| content)?s? (is|are) not (supported|allowed|available)|support image input|not a (vision|multi-?modal) model|\bmmproj\b|(only supports?|accepts only) text|text-only model|image_url is only supported|content type.{0,20}image.{0,30}(not|unsupported)/i,
    },
    // vLLM "At most N image(s)", Anthropic "many-image requests", gateways' limit of the body
    {
      refused: "old_pictures",
      words:
        /too many images|at most \d+ image|many-image|maximum (number )?of (\d+ )?images|(entity|payload|body) (is )?too large|request_too_large|(request|payload|body) (size )?exceeds|exceeds? (the )?max(imum)? (allowed )?(request|payload|body)/i,
    },
    // OpenAI invalid_image_*, Anthropic "Could not process image", "image exceeds 5 MB maximum"
    {
      refused: "last_picture",
      words:
        /invalid_image|image_parse_error|empty_image|image_too_(large|small)|image data|(process|decode|load|parse|download|open|read) (the )?image|image.{0,20}(is |are )?(too (large|big|small)|exceeds?|corrupt|empty|invalid|malformed)|(in|un)?(valid|supported) (base64 )?image|image dimensions|unsupported_image/i,
    },
    // OpenAI invalid_encrypted_content, Anthropic "Invalid `signature` in `thinking` block"
    {
      refused: "ciphertext",
      words:
        /encrypted[_ ]content|could not be (decrypted|verified)|signature.{0,20}thinking/i,
    },
    // OpenAI and stateless copies of it: "Item with id 'rs_…' not found. Items are not persisted"
    {
      refused: "ids",
      words:
        /items? (with id )?.{0,80}not found|items are not persisted|no (item|response) (found )?with id|\.id'.{0,60}expected an id|unknown item id|duplicate item|without its required/i,
    },
    // llama.cpp, Ollama, vLLM, LiteLLM, Mistral: texts of Go, Python and C++ JSON parsers
    {
      refused: "arguments",
      words:
        /arguments.{0,80}(json|pars|valid|decod|object|dict)|(json|pars|decod).{0,80}arguments|tool.?calls?.{0,60}(json|pars)|unexpected (token|end of (json|data|input))|expecting (value|property name|',')|invalid character|unterminated string|jsondecodeerror|json\.exception|extra data:/i,
    },
    // Chat templates of Qwen, Mistral, Gemma in vLLM, llama.cpp, LM Studio
    {
      refused: "system",
      words:
        /system (message|role|prompt).{0,40}(beginning|first|start|only|once|one)|(only|single|one|multiple|more than one) (\w+ )?system (message|role|prompt)|(unexpected|unsupported|unknown|invalid).{0,30}role.{0,30}developer|developer'?"? ?(role|message)?s? (is|are) not|roles must alternate|conversation roles|unexpected message role|system role not supported/i,
    },
  ];
}
