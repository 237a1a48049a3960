// npm run build
import { compile } from './setup.mjs';

process.exitCode = await compile();
