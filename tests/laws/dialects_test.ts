/** Servers of eight dialects of Responses, many turns each. */
import { RESPONSES_DIALECTS } from "../support/dialect_table.ts";
import { testDialects } from "../support/dialects.ts";

testDialects(RESPONSES_DIALECTS);
