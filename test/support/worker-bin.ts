/** Tests with a real SFU run the worker program that the set-up found or made. */
import { workerBin } from '../../runtime/worker-bin.ts';

process.env.MEDIASOUP_WORKER_BIN = workerBin();
