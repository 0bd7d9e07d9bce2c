import { join } from "node:path";
import { makeFolders } from "../base/folders.js";

/** Everything in it can give orders to whoever runs the supervisor. */
const FOLDER_MODE = 0o700;
/** Web servers have sockets in the folder above it. */
const PARENT_MODE = 0o755;

/** Where the processes of `fence workers` find each other, in a folder that is closed to others. */
export interface Places {
  folder: string;
  /** The keeper's socket. */
  keeper: string;
  /** The supervisor's. */
  admin: string;
  /** What the keeper leaves on disk. */
  record: string;
  /** What the processes themselves have to say. */
  ownLog: string;
  /** Socket of a worker on trial. */
  trial(worker: string): string;
}

export function placesIn(folder: string): Places {
  return {
    folder,
    keeper: join(folder, "keeper.sock"),
    admin: join(folder, "admin.sock"),
    record: join(folder, "keeper.json"),
    ownLog: join(folder, "workers.log"),
    trial: (worker) => join(folder, `${worker}.trial`),
  };
}

/** Makes the folder, when it is not there. @throws FileError */
export function makePlaces({ folder }: Places): void {
  makeFolders(folder, FOLDER_MODE, PARENT_MODE);
}
