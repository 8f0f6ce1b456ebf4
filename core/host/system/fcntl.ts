/** Numbers of <fcntl.h> and <linux/stat.h> on Linux, for calls of libc. */

const IS_ARM = Deno.build.arch === "aarch64";

export const FCNTL = {
  O_RDONLY: 0,
  O_WRONLY: 1,
  O_RDWR: 2,
  O_CREAT: 0o100,
  O_EXCL: 0o200,
  O_NOCTTY: 0o400,
  O_APPEND: 0o2000,
  O_NONBLOCK: 0o4000,
  O_DIRECTORY: IS_ARM ? 0o40000 : 0o200000,
  O_NOFOLLOW: IS_ARM ? 0o100000 : 0o400000,
  O_CLOEXEC: 0o2000000,
  O_PATH: 0o10000000,
  AT_FDCWD: -100,
  AT_SYMLINK_NOFOLLOW: 0x100,
  AT_REMOVEDIR: 0x200,
  AT_EMPTY_PATH: 0x1000,
} as const;

export const STAT = {
  STATX_BASIC_STATS: 0x7ff,
  S_IFMT: 0o170000,
  S_IFDIR: 0o040000,
  S_IFREG: 0o100000,
  S_IFLNK: 0o120000,
} as const;
