/** Imports: down the layers, through doors, never in a circle; rooms stay small. */
import { LAYERS, ROOMS } from "./rooms.ts";
import { type Edge, folderOf, PRODUCT } from "./source.ts";

/** More files than this in one room, and nobody finds anything. */
const ROOM_FILES_MAX = 17;

/** What is wrong with these imports, one sentence each. */
export function findImportProblems(edges: readonly Edge[]): string[] {
  const own = edges.filter(({ to }) => PRODUCT.test(to));
  return [
    ...own.flatMap((edge) => PRODUCT.test(edge.from) ? checkInside(edge) : []),
    ...own.flatMap((edge) =>
      edge.from.startsWith("scripts/") ? checkDoor(edge) : []
    ),
    ...findCircles(own),
    ...findCircles(betweenRooms(own)).map((circle) => `rooms in a ${circle}`),
  ];
}

/** Rooms that are too full, not listed, or listed and not there; doors nobody uses. */
export function findRoomProblems(
  paths: readonly string[],
  edges: readonly Edge[],
): string[] {
  const files = Map.groupBy(paths.filter(isInRoom), folderOf);
  const unknown = [...files.keys()].filter((room) => ROOMS[room] === undefined);
  const full = [...files].filter(([, { length }]) => length > ROOM_FILES_MAX);
  const used = new Set(
    edges.filter(({ from, to }) => folderOf(from) !== folderOf(to))
      .map(({ to }) => to),
  );
  return [
    ...unknown.map((room) =>
      `${room}: must be a room in scripts/checks/rooms.ts`
    ),
    ...full.map(([room, { length }]) =>
      `${room}: ${length} files, must be at most ${ROOM_FILES_MAX}`
    ),
    ...Object.keys(ROOMS).flatMap((room) =>
      files.has(room)
        ? doorsOf(room).filter((door) => !used.has(door)).map((door) =>
          `${door}: a door that nothing comes in by`
        )
        : [`${room}: a room without files`]
    ),
  ];
}

/** The area of a file: its prefix in the table of layers. */
export function areaOf(path: string): string {
  return Object.keys(LAYERS).filter((prefix) => path.startsWith(prefix))
    .sort((a, b) => b.length - a.length)[0] ?? path;
}

function checkInside(edge: Edge): string[] {
  const { from, to } = edge;
  const above = LAYERS[areaOf(from)];
  const below = LAYERS[areaOf(to)];
  if (above === undefined) return [`${from}: lies in no layer`];
  if (below === undefined) return [`${from} -> ${to}: the target has no layer`];
  if (folderOf(from) === folderOf(to)) return [];
  return [...checkDoor(edge), ...checkDirection(edge, above, below)];
}

function checkDirection(
  { from, to }: Edge,
  above: number,
  below: number,
): string[] {
  if (areaOf(from) === areaOf(to)) {
    return ROOMS[folderOf(from)]?.uses?.includes(folderOf(to)) === true
      ? []
      : [`${from} -> ${to}: ${folderOf(from)} must not use ${folderOf(to)}`];
  }
  const isWiring = above >= 4.5 || from.startsWith("core/cassette/");
  if (to.startsWith("core/host/") && !isWiring) {
    return [`${from} -> ${to}: only the wiring may know the real world`];
  }
  return below < above ? [] : [
    `${from} (layer ${above}) -> ${to} (layer ${below}): imports must go down`,
  ];
}

function checkDoor({ from, to }: Edge): string[] {
  const room = ROOMS[folderOf(to)];
  if (room === undefined || room.doors === "all") return [];
  const doors = doorsOf(folderOf(to));
  return doors.includes(to)
    ? []
    : [`${from} -> ${to}: must come in by ${doors.join(", ")}`];
}

function doorsOf(room: string): readonly string[] {
  const doors = ROOMS[room]?.doors ?? [];
  return doors === "all" ? [] : doors.map((door) => `${room}${door}.ts`);
}

function isInRoom(path: string): boolean {
  return PRODUCT.test(path) && path.includes("/") &&
    !/^core\/\w+\.ts$/.test(path);
}

function betweenRooms(edges: readonly Edge[]): Edge[] {
  return edges.map(({ from, to }) => ({
    from: folderOf(from),
    to: folderOf(to),
  }))
    .filter(({ from, to }) => from !== to && from !== "" && to !== "core/");
}

function findCircles(edges: readonly Edge[]): string[] {
  const next = new Map<string, Set<string>>();
  for (const { from, to } of edges) {
    next.set(from, (next.get(from) ?? new Set()).add(to));
  }
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (place: string, path: readonly string[]): void => {
    const at = path.indexOf(place);
    if (at >= 0) {
      circles.push(`circle: ${[...path.slice(at), place].join(" -> ")}`);
      return;
    }
    if (done.has(place)) return;
    for (const to of next.get(place) ?? []) visit(to, [...path, place]);
    done.add(place);
  };
  for (const place of next.keys()) visit(place, []);
  return circles;
}
