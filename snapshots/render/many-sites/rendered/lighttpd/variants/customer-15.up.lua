do -- fence variant=up generation=0 site=customer-15 (generated, do not edit)
end
