#include <fmt/format.h>

#include "cli/completion.h"

namespace understudy {
namespace {

constexpr std::string_view kBashHead = R"(# bash completion for understudy
# Use it now:    source <(understudy completion bash)
# Keep it:       understudy completion bash > ~/.local/share/bash-completion/completions/understudy

_understudy() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} path='' word i
  local commands='' flags='' values=''
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    case "$path/$word" in
)";

constexpr std::string_view kBashTail = R"(  esac
  COMPREPLY=()
  case "$values" in
    '') ;;
    :file) COMPREPLY=($(compgen -f -- "$current")); compopt -o filenames 2>/dev/null; return 0 ;;
    :folder) COMPREPLY=($(compgen -d -- "$current")); compopt -o filenames 2>/dev/null; return 0 ;;
    :command) COMPREPLY=($(compgen -c -- "$current")); return ;;
    :any) return ;;
    *) COMPREPLY=($(compgen -W "$values" -- "$current")); return ;;
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  else
    COMPREPLY=($(compgen -W "$commands" -- "$current"))
  fi
}
complete -F _understudy understudy
)";

constexpr std::string_view kZshHead = R"(#compdef understudy
# zsh completion for understudy
# Keep it: understudy completion zsh > "${fpath[1]}/_understudy"

_understudy() {
  local curcontext=$curcontext path='' word
  local -a commands flags values
  for word in ${words[2,CURRENT-1]}; do
    case "$path/$word" in
)";

constexpr std::string_view kZshTail = R"(  esac
  if [[ ${words[CURRENT]} == -* ]]; then
    _describe option flags
  elif (( ${#commands} )); then
    _describe command commands
  elif (( ${#values} )); then
    compadd -a values
  else
    _files
  fi
}
if [[ $funcstack[1] == _understudy ]]; then
  _understudy "$@"
else
  compdef _understudy understudy
fi
)";

constexpr std::string_view kFishHead = R"(# fish completion for understudy
# Keep it: understudy completion fish > ~/.config/fish/completions/understudy.fish

function __understudy_at
    set -l path ''
    for word in (commandline -opc)[2..-1]
        switch "$path/$word"
)";

constexpr std::string_view kFishTail = R"(        end
    end
    test "$path" = "$argv[1]"
end
complete -c understudy -f
)";

std::string Join(const std::vector<std::string>& words, std::string_view between) {
  return fmt::format("{}", fmt::join(words, between));
}

// Inside single quotes of a shell.
std::string Quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string AllPaths(const std::vector<CompletionNode>& tree, std::string_view between) {
  std::vector<std::string> paths;
  for (const CompletionNode& node : tree) {
    if (!node.path.empty()) paths.push_back(node.path);
  }
  return Join(paths, between);
}

std::string BashValues(const CompletionFlag& flag) {
  switch (flag.value) {
    case ValueKind::kNone: return "";
    case ValueKind::kAny: return ":any";
    case ValueKind::kFile: return ":file";
    case ValueKind::kFolder: return ":folder";
    case ValueKind::kCommand: return ":command";
    case ValueKind::kChoice: return Join(flag.choices, " ");
  }
  return "";
}

std::string BashNode(const CompletionNode& node) {
  std::vector<std::string> commands, flags;
  std::string cases;
  for (const auto& [name, help] : node.commands) commands.push_back(name);
  for (const CompletionFlag& flag : node.flags) {
    flags.insert(flags.end(), flag.names.begin(), flag.names.end());
    if (flag.value == ValueKind::kNone) continue;
    cases +=
        fmt::format("        {}) values={} ;;\n", Join(flag.names, "|"), Quoted(BashValues(flag)));
  }
  const std::string positional = BashValues(node.positional);
  if (!positional.empty()) {
    cases += fmt::format("        *) [[ $current == -* ]] || values={} ;;\n", Quoted(positional));
  }
  std::string out = fmt::format("    {})\n      commands={} flags={}\n", Quoted(node.path),
                                Quoted(Join(commands, " ")), Quoted(Join(flags, " ")));
  if (!cases.empty()) out += fmt::format("      case \"$previous\" in\n{}      esac\n", cases);
  return out + "      ;;\n";
}

// "name:help" with the colons of the name escaped, as _describe wants it.
std::string ZshItem(std::string_view name, std::string_view help) {
  return fmt::format("      {}\n", Quoted(fmt::format("{}:{}", name, help)));
}

std::string ZshNode(const CompletionNode& node) {
  std::string commands, flags;
  for (const auto& [name, help] : node.commands) commands += ZshItem(name, help);
  for (const CompletionFlag& flag : node.flags) {
    for (const std::string& name : flag.names) flags += ZshItem(name, flag.help);
  }
  return fmt::format(
      "    {})\n      commands=(\n{}      )\n      flags=(\n{}      )\n"
      "      values=({})\n      ;;\n",
      Quoted(node.path), commands, flags, Join(node.positional.choices, " "));
}

std::string FishValue(const CompletionFlag& flag) {
  switch (flag.value) {
    case ValueKind::kNone: return "";
    case ValueKind::kFile: return " -rF";
    case ValueKind::kFolder: return " -xa '(__fish_complete_directories)'";
    case ValueKind::kCommand: return " -xa '(__fish_complete_command)'";
    case ValueKind::kChoice: return fmt::format(" -xa {}", Quoted(Join(flag.choices, " ")));
    case ValueKind::kAny: return " -x";
  }
  return "";
}

std::string FishFlag(const std::string& at, const CompletionFlag& flag) {
  std::string names;
  for (const std::string& name : flag.names) {
    names += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  return fmt::format("{}{}{} -d {}\n", at, names, FishValue(flag), Quoted(flag.help));
}

std::string FishNode(const CompletionNode& node) {
  const std::string at = fmt::format("complete -c understudy -n {}",
                                     Quoted(fmt::format("__understudy_at \"{}\"", node.path)));
  std::string out;
  for (const auto& [name, help] : node.commands) {
    out += fmt::format("{} -a {} -d {}\n", at, name, Quoted(help));
  }
  for (const CompletionFlag& flag : node.flags) out += FishFlag(at, flag);
  const CompletionFlag& positional = node.positional;
  if (positional.value == ValueKind::kFile || positional.value == ValueKind::kFolder) {
    out += at + " -F\n";
  } else if (positional.value == ValueKind::kCommand) {
    out += at + " -a '(__fish_complete_command)'\n";
  } else if (positional.value == ValueKind::kChoice) {
    out += fmt::format("{} -a {}\n", at, Quoted(Join(positional.choices, " ")));
  }
  return out;
}

}  // namespace

std::string BashCompletion(const std::vector<CompletionNode>& tree) {
  std::string out =
      fmt::format("{}      {}) path=\"$path/$word\" ;;\n", kBashHead, AllPaths(tree, "|"));
  out += "    esac\n  done\n  case \"$path\" in\n";
  for (const CompletionNode& node : tree) out += BashNode(node);
  return out.append(kBashTail);
}

std::string ZshCompletion(const std::vector<CompletionNode>& tree) {
  std::string out =
      fmt::format("{}      {}) path=\"$path/$word\" ;;\n", kZshHead, AllPaths(tree, "|"));
  out += "    esac\n  done\n  case \"$path\" in\n";
  for (const CompletionNode& node : tree) out += ZshNode(node);
  return out.append(kZshTail);
}

std::string FishCompletion(const std::vector<CompletionNode>& tree) {
  std::string out = fmt::format("{}            case {}\n                set path \"$path/$word\"\n",
                                kFishHead, AllPaths(tree, " "));
  out += kFishTail;
  for (const CompletionNode& node : tree) out += FishNode(node);
  return out;
}

}  // namespace understudy
