"""`Charted`: what views with charts share: axes, smoothing, zoom, pan, crosshair."""

from __future__ import annotations

from abc import abstractmethod

from lossmon.charts.lines import x_axes
from lossmon.charts.spec import XAxis
from lossmon.tui.desk import X_AXES, ChartOptions
from lossmon.tui.screens.view import View
from lossmon.tui.widgets.chart import Chart

_NOTHING = "Nothing to move yet: the chart has no points"


class Charted(View):
    """A view whose keys act on its active chart, with the options of that chart."""

    @abstractmethod
    def active_chart(self) -> Chart | None:
        """Return the chart that keys act on."""

    def options(self) -> ChartOptions:
        """Return the options that keys change."""
        return self.desk.options

    def action_x_axis(self, by: int) -> None:
        """Choose the next x axis."""
        known = {axis for run in self.runs() for axis in x_axes(run)}
        self.options().step_x_axis(by, tuple(known))
        missing = [axis.value for axis in X_AXES if axis not in known]
        note = f" (no {', '.join(missing)} in this log)" if known and missing else ""
        self.say(f"x axis: {self.options().x_axis.value}{note}")

    def action_log_y(self) -> None:
        """Switch the logarithmic y axis."""
        options = self.options()
        options.log_y = not options.log_y
        self.say("logarithmic y axis" if options.log_y else "linear y axis")

    def action_robust(self) -> None:
        """Switch between the whole y range and the bulk of it."""
        options = self.options()
        options.robust = not options.robust
        self.say(
            "y axis: the bulk of the points, the rest counted"
            if options.robust
            else "y axis: everything in view but single points far off"
        )

    def action_forecast(self) -> None:
        """Draw the loss on to the planned end, or no further than it was read."""
        options = self.options()
        options.forecast = not options.forecast
        if not options.forecast:
            self.say("no forecast")
            return
        run = self.desk.run
        if run is None or run.forecast is None:
            self.say("no forecast: the log names no end, or the curve does not allow one yet")
        elif options.x_axis is not XAxis.STEP:
            self.say("the forecast is drawn over steps: x chooses that axis")
        else:
            self.say(f"forecast with its {100 * run.forecast.coverage:.0f} % band")

    def action_smooth(self, by: int) -> None:
        """Smooth more or less."""
        options = self.options()
        options.step_smoothing(by)
        if options.smoothing is None:
            self.say("no smoothing: the points alone")
        elif options.smoothing:
            self.say(f"smoothing {options.smoothing:g} (weight of the past, as in TensorBoard)")
        else:
            self.say("smoothing adapted to the log's rhythm")

    def action_zoom(self, by: int) -> None:
        """Zoom in or out."""
        chart = self.active_chart()
        if chart is None or not chart.zoom(by):
            self.say(_NOTHING)
        else:
            self.show()

    def action_pan(self, by: int) -> None:
        """Move the chart, or the crosshair where there is one."""
        chart, options = self.active_chart(), self.options()
        if options.x_range is None and options.cursor_x is None:
            self.say("everything is in view: z zooms in, then there is somewhere to go")
        elif chart is None or not chart.pan(by):
            self.say(_NOTHING)
        else:
            self.show()

    def action_crosshair(self) -> None:
        """Show exact values at a step, or stop that."""
        chart = self.active_chart()
        if chart is None or not chart.toggle_cursor():
            self.say(_NOTHING)
        elif self.options().cursor_x is None:
            self.show()
        else:
            self.say("crosshair: ←/→ or a click move it, c takes it away")

    def action_reset(self) -> None:
        """Show all again, following the live end."""
        self.options().reset()
        self.say("everything in view, following the live end")

    def action_follow(self) -> None:
        """Follow the live end, or stay."""
        options, chart = self.options(), self.active_chart()
        options.follow = not options.follow
        picture = None if chart is None else chart.picture
        if not options.follow and picture is not None and not picture.empty:
            # A zoom that follows has moved on from where it was made.
            options.x_range = picture.x_range
        self.say("following the live end" if options.follow else "staying where it is")

    def to_copy(self) -> tuple[str, str]:
        """Return the values under the crosshair where there is one, else the view."""
        chart = self.active_chart()
        values = () if chart is None or chart.picture is None else chart.picture.cursor_values
        if not values:
            return super().to_copy()
        axis = self.options().x_axis.value
        lines = [f"{value.label}\t{axis} {value.x:g}\t{value.value:.6g}" for value in values]
        return "\n".join(lines), f"{len(lines)} value{'s' if len(lines) > 1 else ''}"

    def back(self) -> bool:
        """Take the crosshair away first, then the zoom."""
        options = self.options()
        if options.cursor_x is not None:
            options.cursor_x = None
        elif options.x_range is not None:
            options.reset()
        else:
            return False
        self.show()
        return True
