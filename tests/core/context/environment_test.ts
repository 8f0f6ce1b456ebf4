/** The environment message. */
import assert from "node:assert/strict";
import {
  type Environment,
  renderEnvironment,
  viewEnvironment,
} from "../../../core/context/environment.ts";

const ENVIRONMENT: Environment = {
  cwd: "/wdir/a & b",
  shell: "zsh",
  date: "2026-11-20",
  timezone: "Europe/Berlin",
};

Deno.test("renderEnvironment() tells everything in its order", () => {
  assert.equal(
    renderEnvironment(ENVIRONMENT),
    `<environment_context>
  <cwd>/wdir/a & b</cwd>
  <shell>zsh</shell>
  <current_date>2026-11-20</current_date>
  <timezone>Europe/Berlin</timezone>
</environment_context>`,
  );
});

Deno.test("renderEnvironment() tells only the fields that are asked for", () => {
  assert.equal(
    renderEnvironment(ENVIRONMENT, ["timezone", "cwd"]),
    `<environment_context>
  <cwd>/wdir/a & b</cwd>
  <timezone>Europe/Berlin</timezone>
</environment_context>`,
  );
});

Deno.test("renderEnvironment() tells the hosts of a managed network, sorted", () => {
  const network = { allowed: ["b.org", "a.org"], denied: [] };
  assert.ok(
    renderEnvironment({ ...ENVIRONMENT, network }).includes(
      '\n  <network enabled="true"><allowed>a.org,b.org</allowed></network>\n',
    ),
  );
});

Deno.test("renderEnvironment() lets no folder name close its tag", () => {
  const cwd = "/x</cwd>\n</environment_context>";
  assert.equal(
    renderEnvironment({ ...ENVIRONMENT, cwd }, ["cwd"]),
    "<environment_context>\n  <cwd>/x&#60;/cwd&#62;&#10;&#60;/environment_context&#62;</cwd>\n</environment_context>",
  );
});

Deno.test("viewEnvironment() gives the date where the person is", () => {
  const now = () => new Date("2026-11-20T23:30:00Z");
  const dateIn = (zone: string) =>
    viewEnvironment({ now, timezone: () => zone }, { cwd: "/", shell: "sh" })
      .date;
  assert.equal(dateIn("UTC"), "2026-11-20");
  assert.equal(dateIn("Europe/Berlin"), "2026-11-21");
  assert.equal(dateIn("America/New_York"), "2026-11-20");
  assert.equal(dateIn("No/Where"), "2026-11-20");
});

Deno.test("viewEnvironment() takes the offset of the host when it knows it", () => {
  const dateAt = (minutes: number) =>
    viewEnvironment({
      now: () => new Date("2026-11-20T23:30:00Z"),
      timezone: () => "No/Where",
      utcOffsetMinutes: () => minutes,
    }, { cwd: "/", shell: "sh" }).date;
  assert.equal(dateAt(29), "2026-11-20");
  assert.equal(dateAt(30), "2026-11-21");
  assert.equal(dateAt(-600), "2026-11-20");
});
