/** All situations. */
import { badPrograms } from "./bad_programs.ts";
import { badServers } from "./bad_servers.ts";
import { oddClocks } from "./clocks.ts";
import { deafReaders } from "./deaf.ts";
import { deepJson, largeAnswers } from "./deep_json.ts";
import { deepServers } from "./deep_servers.ts";
import {
  endlessStreams,
  floodingServers,
  hostileVariables,
  spoiledSessions,
} from "./machine.ts";
import { failingDisks } from "./failing_disk.ts";
import { manyCommands } from "./many_commands.ts";
import { oddFiles } from "./odd_files.ts";
import type { Situation } from "./situation.ts";

/** Every situation there is, kind after kind. */
export function allSituations(): readonly Situation[] {
  return [
    ...oddFiles(),
    ...deepJson(),
    ...deepServers(),
    ...largeAnswers(),
    ...spoiledSessions(),
    ...hostileVariables(),
    ...endlessStreams(),
    ...floodingServers(),
    ...badServers(),
    ...badPrograms(),
    ...oddClocks(),
    ...manyCommands(),
    ...deafReaders(),
    ...failingDisks(),
  ];
}
