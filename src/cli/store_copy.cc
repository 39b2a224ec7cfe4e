// `understudy store backup`, `restore` and `export`.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "access/audit_entry.h"
#include "base/json.h"
#include "chat/exchange_json.h"
#include "cli/audit_note.h"
#include "cli/definitions.h"
#include "cli/flags.h"
#include "cli/serve_file.h"
#include "cli/store_flags.h"
#include "cli/text.h"
#include "cli/workspace.h"
#include "store/backup.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;

struct CopyFlags {
  std::string workspace, file;
  bool json = false;
};

// Text as it was said leaves the store, so nobody else may read the file.
class PrivateFile {
 public:
  static Result<PrivateFile> Create(const std::string& path) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) return PrivateFile(fd, path);
    if (errno != EEXIST) return Fail(IoErrorFromErrno("cannot create " + path, errno));
    return Fail(InvalidInput("there is a file of that name").At(path).Mend("Name another one."));
  }
  PrivateFile(PrivateFile&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}
  PrivateFile& operator=(PrivateFile&&) = delete;
  ~PrivateFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  Status Write(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t done = ::write(fd_, text.data(), text.size());
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) return Fail(IoErrorFromErrno("cannot write " + path_, errno));
      text.remove_prefix(static_cast<size_t>(done));
    }
    return {};
  }

 private:
  PrivateFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  int fd_;
  std::string path_;
};

Result<ExitCode> Export(const CopyFlags& flags, Console& console) {
  TRY(const auto folder, LocateWorkspace(flags.workspace));
  TRY(const auto store, OpenStore(folder, true));
  TRY(const int64_t total, store->Count({}));
  TRY(const PrivateFile file, PrivateFile::Create(flags.file));
  TRY_VOID(NoteInAudit(folder, audit_action::kExport, flags.file, Counted(total, "exchange")));
  int64_t count = 0;
  Status wrong;
  {
    StageWatch watch(console);
    const UpkeepHooks hooks = HooksOf(watch);
    TRY_VOID(store->Scan({}, [&](Exchange&& exchange) {
      if (++count % 256 == 0) wrong = hooks.Step("Exporting", count, total);
      if (wrong) wrong = file.Write(FormatExchangeLine(exchange) + '\n');
      return wrong.has_value();
    }));
  }
  TRY_VOID(wrong);
  console.Out(flags.json ? fmt::format("{{\"exchanges\":{}}}\n", count)
                         : fmt::format("Wrote {} in plain to {} (mode 0600)\n",
                                       Counted(count, "exchange"), flags.file));
  return ExitCode::kOk;
}

Result<ExitCode> Backup(const CopyFlags& flags, Console& console) {
  TRY(const OpenedStore store, OpenStoreFile(flags.workspace, StoreAccess::kOpen));
  TRY_VOID(NoteInAudit(store.options.workspace, audit_action::kBackedUp, flags.file, {}));
  TRY_VOID(BackupStore(*store.file, flags.file));
  std::error_code ignored;
  const auto bytes = static_cast<int64_t>(fs::file_size(flags.file, ignored));
  if (flags.json) {
    console.Out(fmt::format("{{\"bytes\":{},\"master_key\":\"{}\"}}\n", bytes,
                            store.file->keys->master_id()));
    return ExitCode::kOk;
  }
  console.Out(fmt::format("{} in {}. It opens with master key {} alone: keep that elsewhere.\n",
                          HumanBytes(bytes), flags.file, store.file->keys->master_id()));
  return ExitCode::kOk;
}

Result<ExitCode> Restore(const CopyFlags& flags, Console& console) {
  TRY(const Options options, OpenWorkspace(flags.workspace));
  // Held to the end: no gateway may begin meanwhile.
  TRY(const ServeLock lock, ServeLock::Take(options.workspace));
  TRY_VOID(NoteInAudit(options.workspace, audit_action::kRestored, flags.file, {}));
  TRY(const Restored restored,
      RestoreStore(flags.file, StorePath(options.workspace), options.store));
  if (flags.json) {
    console.Out(json::serialize(json::object{{"exchanges", restored.exchanges},
                                             {"erased_again", restored.erased},
                                             {"replaced", restored.replaced.string()}}) +
                '\n');
    return ExitCode::kOk;
  }
  console.Out(fmt::format("Restored {}", Counted(restored.exchanges, "exchange")));
  if (restored.erased > 0) {
    console.Out(fmt::format("; {} that had been erased went again", HumanCount(restored.erased)));
  }
  console.Out(restored.replaced.empty()
                  ? std::string("\n")
                  : fmt::format("\nWhat stood there is now {}: delete it when all is well\n",
                                restored.replaced.string()));
  return ExitCode::kOk;
}

Action Define(CLI::App& app, const char* help,
              Result<ExitCode> (*act)(const CopyFlags&, Console&)) {
  const auto flags = std::make_shared<CopyFlags>();
  app.add_option("FILE", flags->file, help)->required();
  AddWorkspaceFlag(app, flags->workspace);
  AddJsonFlag(app, flags->json);
  return [flags, act](Console& console) { return act(*flags, console); };
}

}  // namespace

Action DefineStoreExport(CLI::App& app) {
  app.footer("  understudy store export calls.jsonl");
  return Define(app, "exchange JSONL to write, in plain (mode 0600)", Export);
}

Action DefineStoreBackup(CLI::App& app) {
  app.footer("  understudy store backup /backups/store-monday.db");
  return Define(app, "the copy to make: sealed, and without the master key", Backup);
}

Action DefineStoreRestore(CLI::App& app) {
  app.footer("  understudy store restore /backups/store-monday.db");
  return Define(app, "a copy that `understudy store backup` made", Restore);
}

}  // namespace understudy
