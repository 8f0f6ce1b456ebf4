/** Servers of six dialects of chat completions, many turns each. */
import { CHAT_DIALECTS } from "../support/dialect_table.ts";
import { testDialects } from "../support/dialects.ts";

testDialects(CHAT_DIALECTS);
