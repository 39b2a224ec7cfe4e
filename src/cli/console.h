// Console: where a command prints. Data goes to standard output, everything said about it
// (errors, progress, notes) to standard error. Tests put a MemoryConsole in its place.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace understudy {

enum class Colour { kPlain, kBold, kRed, kGreen, kYellow };

class Console {
 public:
  virtual ~Console() = default;
  virtual void Out(std::string_view text) = 0;
  virtual void Err(std::string_view text) = 0;

  virtual bool OutIsTerminal() const { return false; }
  virtual bool ErrIsTerminal() const { return false; }
  virtual size_t OutWidth() const { return 0; }  // columns; 0: not a terminal, no limit
  virtual size_t ErrWidth() const { return 0; }
  virtual int Input() const { return 0; }  // descriptor to read standard input from

  // `text` in colour where that stream is a terminal and NO_COLOR (https://no-color.org) is not
  // set; else as it is.
  std::string PaintOut(Colour colour, std::string_view text) const;
  std::string PaintErr(Colour colour, std::string_view text) const;
};

// The process's own streams. Writes are whole and unbuffered. A reader that goes away (| head)
// ends the process quietly by SIGPIPE, as with any filter.
class SystemConsole final : public Console {
 public:
  void Out(std::string_view text) override;
  void Err(std::string_view text) override;
  bool OutIsTerminal() const override;
  bool ErrIsTerminal() const override;
  size_t OutWidth() const override;
  size_t ErrWidth() const override;
};

class MemoryConsole final : public Console {
 public:
  void Out(std::string_view text) override { out += text; }
  void Err(std::string_view text) override { err += text; }
  bool OutIsTerminal() const override { return terminal; }
  bool ErrIsTerminal() const override { return terminal; }
  size_t OutWidth() const override { return width; }
  size_t ErrWidth() const override { return width; }
  int Input() const override { return input; }

  std::string out, err;
  bool terminal = false;
  size_t width = 0;
  int input = 0;
};

}  // namespace understudy
