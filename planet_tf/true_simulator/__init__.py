"""Planning with the true simulator instead of a learned model.

Source: paper, table 1 (CEM + true simulator) and figure 12. `policy` plans,
`rollouts` simulates action sequences in MuJoCo, and `rewards` computes the
rewards of the simulated states.
"""
