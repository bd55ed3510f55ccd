import { command } from "#lib/cli/commands/docs.ts";
process.exit(await command.run({args:process.argv.slice(2),env:{},stdin:process.stdin,stdout:process.stdout,stderr:process.stderr,signal:new AbortController().signal}));
