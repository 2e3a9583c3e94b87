from lossmon.formats.base import Sniff, StreamFormat
from lossmon.formats.lines import LineParser


class PercentParser(LineParser):
    def line(self, text):
        try:
            step, loss = text.removeprefix("%% ").split("/")
            self.rows.add({"loss": float(loss)}, float(step))
        except ValueError:
            self.bad_records += 1


class PercentFormat(StreamFormat):
    name, title, sample = "percent", "Percent log", "%% 10/2.31"

    def sniff(self, head, filename):
        return Sniff(0.9, "lines begin with '%% '") if head.startswith(b"%% ") else None

    def parser(self, context=None):
        return PercentParser(context)
