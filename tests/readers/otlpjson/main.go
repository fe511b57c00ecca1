// SPDX-License-Identifier: BSD-2-Clause

// Reads a file of OTLP JSON lines as the OpenTelemetry Collector's otlpjsonfile receiver does,
// with the Collector's own decoder, and prints each line as the Collector would hand it on.
// usage: otlpjson FILE
package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"

	"go.opentelemetry.io/collector/pdata/pmetric"
)

// What that receiver takes of a line unless it is configured otherwise (max_log_size).
const lineLimit = 1 << 20

func convert(line []byte) error {
	unmarshaler := pmetric.JSONUnmarshaler{}
	marshaler := pmetric.JSONMarshaler{}
	metrics, err := unmarshaler.UnmarshalMetrics(line)
	if err != nil {
		return err
	}
	if metrics.DataPointCount() == 0 {
		return errors.New("no data point in it")
	}
	printed, err := marshaler.MarshalMetrics(metrics)
	if err == nil {
		fmt.Println(string(printed))
	}
	return err
}

func read(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 0, 64<<10), lineLimit)
	for number := 1; lines.Scan(); number++ {
		if err := convert(lines.Bytes()); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
	}
	return lines.Err()
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: otlpjson FILE")
		os.Exit(2)
	}
	if err := read(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "otlpjson:", err)
		os.Exit(1)
	}
}
