// npm run build: compiles src/ to dist/; with --if-older only when something has changed.
import { build, compile } from './setup.mjs';

if (process.argv.includes('--if-older')) await build();
else process.exitCode = await compile();
