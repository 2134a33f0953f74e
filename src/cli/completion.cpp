// wick completion: scripts for shells, to be sourced.
#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "cli/commands.h"

namespace wick::cli {
namespace {

constexpr const char* kBash = R"sh(_wick() {
  local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]}
  if [ "$COMP_CWORD" = 1 ]; then
    COMPREPLY=($(compgen -W "@COMMANDS@" -- "$word"))
    return
  fi
  case $command in
    deploy) case $word in -*) COMPREPLY=($(compgen -W "--name --runtime --handler --memory --timeout --env --url --json" -- "$word")) ;;
                          *) COMPREPLY=($(compgen -f -- "$word")) ;; esac ;;
    invoke) case $word in -*) COMPREPLY=($(compgen -W "-d --qualifier --async --tail --json" -- "$word")) ;;
                          @*) COMPREPLY=($(compgen -f -P @ -- "${word#@}")) ;;
                          *) COMPREPLY=($(compgen -W "$(wick ls --names 2>/dev/null)" -- "$word")) ;; esac ;;
    logs|show|rm) COMPREPLY=($(compgen -W "$(wick ls --names 2>/dev/null)" -- "$word")) ;;
    runtime) COMPREPLY=($(compgen -W "ls add install" -- "$word")) ;;
    completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$word")) ;;
  esac
}
complete -o filenames -F _wick wick
)sh";

constexpr const char* kFish = R"sh(complete -c wick -f
complete -c wick -n __fish_use_subcommand -a "@COMMANDS@"
complete -c wick -n "__fish_seen_subcommand_from deploy" -F
complete -c wick -n "__fish_seen_subcommand_from deploy" -l name -l runtime -l handler -l memory -l timeout -l env -l url
complete -c wick -n "__fish_seen_subcommand_from invoke logs show rm" -a "(wick ls --names 2>/dev/null)"
complete -c wick -n "__fish_seen_subcommand_from runtime" -a "ls add install"
complete -c wick -n "__fish_seen_subcommand_from completion" -a "bash zsh fish"
)sh";

std::string filled(std::string script, const CLI::App& app) {
  std::string commands;
  for (const CLI::App* command : app.get_subcommands({})) commands += (commands.empty() ? "" : " ") + command->get_name();
  constexpr std::string_view kPlace = "@COMMANDS@";
  return script.replace(script.find(kPlace), kPlace.size(), commands);
}

}  // namespace

void add_completion(CLI::App& app, Session& session) {
  auto shell = std::make_shared<std::string>();
  auto* command = app.add_subcommand("completion", "Print a completion script: source <(wick completion bash)");
  command->add_option("shell", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([&app, &session, shell] {
    session.chosen = [&app, shell](const Api&) -> Result<int> {
      if (*shell == "zsh") fmt::print("autoload -U +X bashcompinit && bashcompinit\n");
      fmt::print("{}", filled(*shell == "fish" ? kFish : kBash, app));
      return 0;
    };
  });
}

}  // namespace wick::cli
