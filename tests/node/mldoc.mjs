// Parses Logseq Markdown with mldoc, the parser of Logseq itself, configured as Logseq OG does it.
// One JSON list of texts a line on stdin, one JSON list of syntax trees a line on stdout.
import { createInterface } from "node:readline";
import mldoc from "mldoc";

const config = JSON.stringify({
  toc: false, parse_outline_only: false, heading_number: false, keep_line_break: true,
  format: "Markdown", heading_to_list: false,
});

createInterface({ input: process.stdin }).on("line", (line) => {
  const trees = JSON.parse(line).map((text) => JSON.parse(mldoc.Mldoc.parseJson(text, config)).map(([node]) => node));
  process.stdout.write(JSON.stringify(trees) + "\n");
});
