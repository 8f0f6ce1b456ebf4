# Reviews what is new since $BASE: review.json is the result, review.md is for people.
# Exit code 1 when a finding is at least as urgent as $FAIL_ON; rondo's own code when it failed.
set -euo pipefail
rondo exec review --base "$BASE" --timeout "${TIMEOUT:-15m}" \
  --output-format json > review.json
jq -r '
  "## Review by rondo\n",
  (.review | if . == null then "The model gave no list of findings."
   else .overall_explanation, "",
     (.findings[] | "- **P\(.priority // "?") \(.title)** (`\(.code_location.absolute_file_path
       | ltrimstr($ENV.PWD + "/")):\(.code_location.line_range.start)`): \(.body)")
   end)' review.json > review.md
urgent=$(jq --arg limit "${FAIL_ON:-1}" '
  if $limit == "never" then 0
  else [.review.findings[]? | select(.priority != null and .priority <= ($limit | tonumber))] | length
  end' review.json)
echo "Findings that fail the job: $urgent"
[ "$urgent" -eq 0 ]
