/** What many test files in one process start anew. */
import { startKeyPairsAnew } from "./key-pairs.ts";

startKeyPairsAnew();
