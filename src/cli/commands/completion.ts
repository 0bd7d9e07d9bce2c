import { Argument, type Command } from "commander";
import { addCommand, type Run } from "../command.js";

export function addCompletion(program: Command, run: Run): void {
  const shells = new Argument("<shell>").choices(["bash", "zsh", "fish"]);
  addCommand(program, run, {
    usage: "completion",
    arguments: [shells],
    summary: "print the script that completes fence in a shell",
    description:
      "Prints a script that completes the commands of fence, their options, and the names of the sites and servers of " +
      "the spec in reach. For bash it needs the package bash-completion.",
    json: false,
    examples: [
      { does: "bash, for this shell", line: "source <(fence completion bash)" },
      { does: "zsh, in ~/.zshrc after compinit", line: "source <(fence completion zsh)" },
      {
        does: "fish",
        line: "fence completion fish > ~/.config/fish/completions/fence.fish",
      },
    ],
    handler: async (context, _options, [shell] = []) => {
      const { ownText } = await import("../../base/own-files.js");
      context.out.write(ownText(`templates/completion/fence.${shell}`));
      return "ok";
    },
  });
  addCommand(program, run, {
    usage: "complete [words...]",
    hidden: true,
    summary: "what the last word may become",
    description:
      "What the scripts of fence completion ask at each Tab: a line for each word that may stand there, with its " +
      "description behind a tab; or :files, for the shell to complete the name of a file.",
    json: false,
    examples: [{ does: "the sites that begin with m", line: "fence complete -- down m" }],
    handler: async (context, _options, words = []) => {
      const { candidates, FILES, namesInReach } = await import("../completion.js");
      const found = candidates(program, words, await namesInReach(context, words));
      if (found === FILES) context.out.line(`:${FILES}`);
      else for (const { word, description } of found) context.out.line(`${word}\t${description}`);
      return "ok";
    },
  });
}
